import { describe, expect, it } from 'vitest';
import { nearest, pathOf, roundUp } from './chart.js';

const frame = { from: 1_000, to: 2_000, top: 10, width: 100, height: 50 };

describe(roundUp.name, () => {
  it.each([
    [0, 1],
    [0.4, 1],
    [1, 1],
    [1.2, 2],
    [12, 20],
    [21, 25],
    [26, 50],
    [99, 100],
    [100, 100],
    [2_001, 2_500],
    [NaN, 1],
  ])('%s becomes %s', (value, round) => expect(roundUp(value)).toBe(round));
});

describe(pathOf.name, () => {
  it('draws from the lower left to the upper right', () => {
    const points = [
      { at: 1_000, value: 0 },
      { at: 2_000, value: 10 },
    ];
    expect(pathOf(points, frame)).toBe('M0.0 50.0L100.0 0.0');
  });

  it('interrupts the line where there is no value, and leaves out what is too old', () => {
    const points = [
      { at: 900, value: 3 },
      { at: 1_000, value: 5 },
      { at: 1_250, value: null },
      { at: 1_500, value: 5 },
    ];
    expect(pathOf(points, frame)).toBe('M0.0 25.0M50.0 25.0');
  });

  it('stays within the frame', () => {
    expect(pathOf([{ at: 1_500, value: 99 }], frame)).toBe('M50.0 0.0');
  });
});

describe(nearest.name, () => {
  it('finds the point beside a moment', () => {
    const points = [100, 200, 300].map((at) => ({ at, value: 1 }));
    expect([0, 149, 151, 999].map((at) => nearest(points, at))).toEqual([0, 0, 1, 2]);
    expect(nearest([], 5)).toBe(-1);
  });
});
