import { describe, expect, it } from 'vitest';
import { readLagOptions } from './lag-options.mjs';
import { quantile } from './lag-run.mjs';

describe(readLagOptions.name, () => {
  it('asks for 200 writes a second, and a p99 below 2 s', () => {
    expect(readLagOptions([])).toEqual({ rate: 200, seconds: 60, carts: 200, goal: 2_000, out: undefined });
    expect(readLagOptions(['--rate', '50', '--out', 'x.json'])).toMatchObject({ rate: 50, out: 'x.json' });
    expect(readLagOptions(['--help'])).toBeNull();
  });

  it.each([
    ['--rate', '0'],
    ['--rate', '5001'],
    ['--seconds', '1.5'],
    ['--carts', 'many'],
    ['--goal', '0'],
  ])('refuses %s %s', (name, value) =>
    expect(() => readLagOptions([name, value])).toThrow(`${name} takes a whole number`),
  );
});

describe(quantile.name, () => {
  it('is the value that so many do not exceed', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([0.5, 0.95, 0.99, 1].map((share) => quantile(values, share))).toEqual([50, 95, 99, 100]);
    expect(quantile([7], 0.5)).toBe(7);
    expect(quantile([], 0.5)).toBeNaN();
  });
});
