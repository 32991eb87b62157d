import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { Metrics } from '@app/common';
import { DatabaseUnavailableError } from '@app/database';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunCounts, RunEnd, SyncRunTable } from './sync-run.table.js';
import { SyncRuns } from './sync-runs.js';
import { SyncRunsMetrics } from './sync-runs.metrics.js';

// Vitest's clock does not reach these.
vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
}));

describe(SyncRuns.name, () => {
  beforeEach(() => {
    vi.useFakeTimers();
    Logger.overrideLogger(false);
  });
  afterEach(() => void vi.useRealTimers());

  it('records how a run has ended however long MySQL is away, and when that was', async () => {
    let isAway = true;
    const ends: RunEnd[] = [];
    const table = {
      begin: async () => ({ runId: '1', isNew: true }),
      beat: async () => true,
      end: async (_runId: string, _counts: RunCounts, end: RunEnd) => {
        if (isAway) throw new DatabaseUnavailableError('away');
        ends.push(end);
      },
    } as unknown as SyncRunTable;
    const runs = new SyncRuns(table, new SyncRunsMetrics(new Metrics()));
    await runs.start('manual', () => Promise.reject(new DatabaseUnavailableError('away')));
    await vi.advanceTimersByTimeAsync(600_000);
    isAway = false;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(ends).toMatchObject([{ status: 'failed', reason: 'MySQL is not reachable' }]);
    expect(ends[0]!.agoMs).toBeGreaterThanOrEqual(600_000);
    await runs.idle();
  });
});
