import { describe, expect, it } from 'vitest';
import { counted, differenceLines, Progress, table } from './report.mjs';

/** @param {boolean} isTTY */
function fakeOut(isTTY) {
  /** @type {string[]} */
  const written = [];
  const out = { isTTY, write: (/** @type {string} */ text) => written.push(text) };
  return { written, out: /** @type {NodeJS.WriteStream} */ (/** @type {unknown} */ (out)) };
}

describe('Progress', () => {
  it('writes a line each ten percent where there is no terminal', () => {
    const { written, out } = fakeOut(false);
    const progress = new Progress(40, out);
    for (let i = 0; i < 40; i += 1) progress.step();
    expect(written).toHaveLength(10);
    expect(written[0]).toBe('replay 10 % (4 of 40 calls)\n');
    expect(written[9]).toBe('replay 100 % (40 of 40 calls)\n');
  });

  it('moves one line on a terminal and ends it', () => {
    const { written, out } = fakeOut(true);
    const progress = new Progress(3, out);
    for (let i = 0; i < 3; i += 1) progress.step();
    expect(written.at(0)).toMatch(/^\r#+\.+ 33 %/);
    expect(written.at(-2)).toMatch(/^\r#{30} 100 % \(3 of 3 calls\)$/);
    expect(written.at(-1)).toBe('\n');
  });
});

describe('the result', () => {
  it('is a table with counts by code', () => {
    expect(
      table([
        ['drift', 0],
        ['refusals', counted({ B: 2, A: 1 })],
      ]),
    ).toBe('  drift     0\n  refusals  A 1, B 2');
    expect(counted({})).toBe('none');
  });

  it('shows the first twenty differences and tells of the rest', () => {
    const lines = differenceLines(Array.from({ length: 25 }, (_, i) => `d${i}`));
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)).toBe('  - and 5 more');
  });
});
