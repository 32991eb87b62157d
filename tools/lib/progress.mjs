/** One line per step on the terminal, each with the seconds since the start. */
export class Progress {
  #started = performance.now();

  /** @param {string} text */
  line(text) {
    const seconds = ((performance.now() - this.#started) / 1000).toFixed(1).padStart(6);
    console.log(`${seconds}s  ${text}`);
  }

  /**
   * Announces a step that takes a while; the function it returns tells its end and how long it took.
   * @param {string} text
   * @returns {(result: string) => void}
   */
  begin(text) {
    const begun = performance.now();
    this.line(`${text} …`);
    return (result) => this.line(`${result} (${((performance.now() - begun) / 1000).toFixed(1)} s)`);
  }
}
