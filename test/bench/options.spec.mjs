import { describe, expect, it } from 'vitest';
import { readOptions } from './options.mjs';
import { WORKLOADS } from './workloads.mjs';

describe('readOptions', () => {
  it('measures everything when nothing is asked for', () => {
    expect(readOptions([])).toMatchObject({
      rounds: 3,
      seconds: 5,
      connections: 50,
      workloads: Object.keys(WORKLOADS),
      warmUp: true,
    });
  });

  it('is short with --smoke, yet obeys', () => {
    expect(readOptions(['--smoke', '--carts', '7'])).toMatchObject({ rounds: 1, seconds: 1, carts: 7, warmUp: false });
  });

  it('runs the named workloads in the order of the table', () => {
    expect(readOptions(['--workloads', 'hot,add'])?.workloads).toEqual(['add', 'hot']);
  });

  it.each([
    [['--rounds', '0'], '--rounds'],
    [['--seconds', '1e9'], '--seconds'],
    [['--connections', 'many'], '--connections'],
    [['--carts', ''], '--carts'],
    [['--workloads', 'add,typo'], 'typo'],
    [['--turbo'], '--turbo'],
  ])('refuses %j in a sentence', (args, word) => {
    expect(() => readOptions(args)).toThrow(word);
  });

  it('knows when help is asked for', () => {
    expect(readOptions(['--help'])).toBeNull();
  });
});
