import { describe, expect, it } from 'vitest';
import { spreadOf, summarise, tableOf } from './report.mjs';

/** @param {Partial<import('./measure.mjs').Run>} given @returns {import('./measure.mjs').Run} */
function run(given) {
  return {
    round: 1,
    workload: 'hot',
    target: 'service',
    rps: 100,
    p50: 1,
    p99: 2,
    answered: 10,
    failed: 0,
    appUs: 300,
    appUsUnderLoad: 200,
    redisUs: 20,
    brokerUs: 30,
    mysqlUs: 40,
    drainSeconds: 0.5,
    foreignCores: 0.1,
    loadCores: 0.5,
    lost: 0,
    faults: [],
    ...given,
  };
}

describe('spreadOf', () => {
  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 2, 3], 2.5],
    [[7], 7],
  ])('takes the median of %j', (values, median) => {
    expect(spreadOf(values)).toEqual({ median, least: Math.min(...values), most: Math.max(...values) });
  });
});

describe('summarise', () => {
  it('takes each ratio within its round, then the median', () => {
    const runs = [
      run({ round: 1, rps: 100, appUs: 300 }),
      run({ round: 1, target: 'bare', rps: 1000, appUs: 100 }),
      // A disturbed round: both are slower, the ratio is not.
      run({ round: 2, rps: 10, appUs: 3000 }),
      run({ round: 2, target: 'bare', rps: 100, appUs: 1000 }),
      run({ round: 3, rps: 100, appUs: 500 }),
      run({ round: 3, target: 'bare', rps: 500, appUs: 100 }),
    ];
    const [bare, service] = summarise(runs);
    expect(bare?.rpsRatio).toBeNull();
    expect(service?.rpsRatio).toEqual({ median: 0.1, least: 0.1, most: 0.2 });
    expect(service?.cpuRatio).toEqual({ median: 3, least: 3, most: 5 });
  });

  it('adds up what must not happen', () => {
    const runs = [
      run({ target: 'bare' }),
      run({ failed: 1, lost: 2 }),
      run({ round: 2, target: 'bare' }),
      run({ round: 2, failed: 3, lost: 4 }),
    ];
    expect(summarise(runs)[1]).toMatchObject({ answered: 20, failed: 4, lost: 6 });
  });

  it('refuses a round that has nothing to compare with', () => {
    expect(() => summarise([run({})])).toThrow('round 1 of hot');
  });
});

describe('tableOf', () => {
  it('shows lost updates where they can be counted, and nowhere else', () => {
    const runs = ['hot', 'add'].flatMap((workload) => [
      run({ workload, target: 'bare' }),
      run({ workload, lost: 2, failed: 1 }),
    ]);
    const lines = tableOf(summarise(runs)).split('\n');
    expect(lines).toHaveLength(6);
    expect(lines[2]).toContain('| bare | 100 | 1 |');
    expect(lines[3]).toContain('| 1 of 10 |');
    expect(lines[3]).toContain('| 2 of 9 |');
    expect(lines[5]).not.toContain('2 of 9');
    expect(new Set(lines.map((line) => line.split('|').length)).size).toBe(1);
  });
});
