const BAR_WIDTH = 30;
const REDRAW_MS = 100;
const SHOWN_DIFFERENCES = 20;

/** How far the replay is: one line that moves on a terminal, a line each ten percent elsewhere. */
export class Progress {
  #done = 0;
  #drawnAt = 0;
  #tenth = 0;

  /** @param {number} total @param {NodeJS.WriteStream} [out] */
  constructor(total, out = process.stdout) {
    this.total = total;
    this.out = out;
  }

  step() {
    this.#done += 1;
    const share = this.#done / this.total;
    if (!this.out.isTTY) {
      const tenth = Math.floor(share * 10);
      if (tenth > this.#tenth) this.out.write(`replay ${tenth * 10} % (${this.#done} of ${this.total} calls)\n`);
      this.#tenth = tenth;
      return;
    }
    if (Date.now() - this.#drawnAt < REDRAW_MS && this.#done < this.total) return;
    this.#drawnAt = Date.now();
    const bar = '#'.repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, '.');
    this.out.write(`\r${bar} ${Math.floor(share * 100)} % (${this.#done} of ${this.total} calls)`);
    if (this.#done === this.total) this.out.write('\n');
  }
}

/** @param {[name: string, value: string | number][]} rows */
export function table(rows) {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n');
}

/** @param {Record<string, number>} counts */
export function counted(counts) {
  const entries = Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? 'none' : entries.map(([name, count]) => `${name} ${count}`).join(', ');
}

/** The first differences, and how many more there are. @param {string[]} differences */
export function differenceLines(differences) {
  const lines = differences.slice(0, SHOWN_DIFFERENCES).map((difference) => `  - ${difference}`);
  const more = differences.length - lines.length;
  return more > 0 ? [...lines, `  - and ${more} more`] : lines;
}
