import { describe, expect, it } from 'vitest';
import { countTests, fileTimes } from './vitest-stage.mjs';

const report = {
  numPassedTests: 7,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [{ status: 'passed', assertionResults: [{}] }],
};

describe('countTests', () => {
  it('counts what passed and failed', () => {
    expect(countTests(report, true, true)).toEqual({ passed: 7, failed: 0 });
    expect(countTests({ ...report, numFailedTests: 2 }, false, true)).toEqual({ passed: 7, failed: 2 });
  });

  it('counts a skipped test as failed where nobody would see it', () => {
    const skipping = { ...report, numPendingTests: 2, numTodoTests: 1 };
    expect(countTests(skipping, true, true).failed).toBe(3);
    expect(countTests(skipping, true, false).failed).toBe(0);
  });

  it('counts a file that could not be loaded', () => {
    const unloaded = { status: 'failed', assertionResults: [] };
    expect(countTests({ ...report, testResults: [unloaded, unloaded] }, false, true).failed).toBe(2);
  });

  it('never calls a run good that vitest calls bad', () => {
    expect(countTests(report, false, true).failed).toBe(1);
    expect(countTests(undefined, false, true)).toEqual({ passed: 0, failed: 1 });
  });
});

describe('fileTimes', () => {
  it('names each file from the root, with its time', () => {
    const testResults = [{ name: '/repo/libs/a.spec.ts', startTime: 1000, endTime: 3500 }];
    expect(fileTimes({ testResults }, 'unit', '/repo')).toEqual([
      { project: 'unit', file: 'libs/a.spec.ts', ms: 2500 },
    ]);
    expect(fileTimes(undefined, 'unit', '/repo')).toEqual([]);
  });
});
