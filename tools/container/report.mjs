/** One line per check, each with its time, and a count at the end. */
export class Report {
  passed = 0;
  failed = 0;
  skipped = 0;
  #last = performance.now();

  /** @param {string} text */
  pass(text) {
    this.passed += 1;
    this.#line('ok  ', text);
  }

  /** @param {string} text @param {string} reason */
  skip(text, reason) {
    this.skipped += 1;
    this.#line('skip', `${text}: ${reason}`);
  }

  /**
   * Runs a check; one that throws has failed, and is told with its reason.
   * @template T
   * @param {string} text
   * @param {() => T | Promise<T>} action
   * @returns {Promise<T | undefined>}
   */
  async check(text, action) {
    try {
      const result = await action();
      this.pass(text);
      return result;
    } catch (error) {
      this.failed += 1;
      const reason = error instanceof Error ? error.message : String(error);
      this.#line('FAIL', `${text}\n${reason.replace(/^/gm, '       ')}`);
      return undefined;
    }
  }

  summary() {
    return `container check: ${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped`;
  }

  /** @param {string} mark @param {string} text */
  #line(mark, text) {
    const now = performance.now();
    console.log(`${mark} ${((now - this.#last) / 1000).toFixed(1).padStart(5)} s  ${text}`);
    this.#last = now;
  }
}
