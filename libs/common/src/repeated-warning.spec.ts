import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RepeatedWarning } from './repeated-warning.js';

describe(RepeatedWarning.name, () => {
  const lines: string[] = [];
  const logger = { warn: (line: string) => void lines.push(line), log: (line: string) => void lines.push(line) };

  beforeEach(() => {
    lines.length = 0;
    vi.useFakeTimers({ toFake: ['Date'] });
  });
  afterEach(() => void vi.useRealTimers());

  /** Fails every ten seconds for so many seconds. */
  function failFor(warning: RepeatedWarning, seconds: number, cause = 'gone'): void {
    for (let s = 0; s < seconds; s += 10) {
      warning.failed(cause);
      vi.advanceTimersByTime(10_000);
    }
  }

  it('tells of it at once, then ever more rarely', () => {
    failFor(new RepeatedWarning(logger, 'work waits'), 900);
    expect(lines).toEqual([
      'work waits: gone',
      'work waits: gone (7 times in 60 s)',
      'work waits: gone (19 times in 180 s)',
      'work waits: gone (43 times in 420 s)',
    ]);
  });

  it('tells of another cause at once, and of each but once', () => {
    const warning = new RepeatedWarning(logger, 'work waits');
    for (const cause of ['a', 'b', 'a', 'b']) failFor(warning, 10, cause);
    expect(lines).toEqual(['work waits: a', 'work waits: b (2 times in 10 s)']);
  });

  it('is not talked into a line each time by causes that are all different', () => {
    const warning = new RepeatedWarning(logger, 'work waits');
    for (let n = 0; n < 1000; n++) warning.failed(`number ${n}`);
    expect(lines).toHaveLength(16);
  });

  it('says once when it is over, and tells of the next time at once', () => {
    const warning = new RepeatedWarning(logger, 'work waits');
    warning.worked();
    failFor(warning, 30);
    warning.worked();
    warning.worked();
    failFor(warning, 10);
    expect(lines).toEqual(['work waits: gone', 'over: work waits (3 times in 20 s)', 'work waits: gone']);
  });

  it('does not take a success for the end of it while what failed may not have been tried again', () => {
    const warning = new RepeatedWarning(logger, 'work waits', 30_000);
    warning.failed('gone');
    for (let s = 0; s < 28; s += 2) {
      vi.advanceTimersByTime(2_000);
      warning.worked();
    }
    warning.failed('gone');
    expect(lines).toEqual(['work waits: gone']);
    vi.advanceTimersByTime(30_000);
    warning.worked();
    expect(lines).toEqual(['work waits: gone', 'over: work waits (2 times in 28 s)']);
  });
});
