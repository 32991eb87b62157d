import 'reflect-metadata';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Env, Metrics } from '@app/common';
import type { LockService } from '@app/redis';
import { describe, expect, it } from 'vitest';
import type { ChangeLogRetention } from './change-log.retention.js';
import { Clock, longestPauseMs } from './clock.js';
import type { Evictor } from './evictor.js';
import type { Reconciler } from './reconciler.js';
import { SyncRunsMetrics } from './sync-runs.metrics.js';
import { SyncSchedule } from './sync.schedule.js';

/** What the metrics say of a schedule with these settings. */
async function intervalsWith(settings: Partial<Env>): Promise<Record<string, number>> {
  const registry = new Metrics();
  const [locks, reconciler, evictor] = [{} as LockService, {} as Reconciler, {} as Evictor];
  const jobs = new SchedulerRegistry();
  const clock = new Clock(jobs, new SyncRunsMetrics(registry));
  const env = Object.assign(new Env(), settings);
  new SyncSchedule(env, clock, locks, reconciler, evictor, {} as ChangeLogRetention).onApplicationBootstrap();
  for (const job of jobs.getCronJobs().values()) await job.stop();
  const { values } = await registry.registry.getSingleMetric('cart_sync_schedule_interval_seconds')!.get();
  return Object.fromEntries(values.map(({ labels, value }) => [labels['kind'], value]));
}

describe(SyncSchedule.name, () => {
  it('says how often its runs are due, for the alarms about those that are missing', async () => {
    expect(await intervalsWith({})).toEqual({ hourly: 3600, daily: 86_400, evict: 86_400, 'change-log': 86_400 });
  });

  it.each([
    [{ SYNC_HOURLY_CRON: 'off', EVICT_CRON: 'off' }, 0],
    [{ SYNC_HOURLY_CRON: 'off', EVICT_IDLE_DAYS: 0 }, 0],
  ])('says so of what is never due: %o', async (settings, evict) => {
    expect(await intervalsWith(settings)).toMatchObject({ hourly: 0, daily: 86_400, evict });
  });
});

describe(longestPauseMs.name, () => {
  it.each([
    ['* * * * *', 60],
    ['0 8-20 * * *', 12 * 3600],
    ['0 0 * * 1-5', 3 * 86_400],
    ['0 0 29 2 *', (4 * 365 + 1) * 86_400],
    ['off', 0],
  ])('of %s', (cronTime, seconds) => {
    expect(longestPauseMs(cronTime)).toBe(seconds * 1000);
  });
});
