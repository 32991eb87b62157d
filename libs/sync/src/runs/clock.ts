import { Injectable, Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CronJob, CronTime } from 'cron';
import { SyncRunsMetrics } from './sync-runs.metrics.js';

/** So many moments show the longest pause of a schedule such as `0 8-20 * * 1-5`. */
const MOMENTS = 26;

/** The longest time between two moments of a cron expression, ms, as far as the next ones show it; 0 of `off`. */
export function longestPauseMs(cronTime: string): number {
  if (cronTime === 'off') return 0;
  const moments = momentsOf(cronTime);
  return moments.slice(1).reduce((longest, at, i) => Math.max(longest, at - moments[i]!), 0);
}

/** The next ones; two of a schedule that has hardly any: cron looks eight years ahead. */
function momentsOf(cronTime: string): number[] {
  const time = new CronTime(cronTime, 'UTC');
  try {
    return time.sendAt(MOMENTS).map((at) => at.toMillis());
  } catch {
    return time.sendAt(2).map((at) => at.toMillis());
  }
}

/** Starts work at the moments of a cron expression, in UTC, on every instance. */
@Injectable()
export class Clock {
  private readonly logger = new Logger(Clock.name);

  constructor(
    private readonly registry: SchedulerRegistry,
    private readonly metrics: SyncRunsMetrics,
  ) {}

  /** `cronTime`: `off` for never. The work is given the moment it is for, ms since 1970; that it fails is logged. */
  add(name: string, cronTime: string, work: (dueAt: number) => Promise<unknown>): void {
    this.metrics.schedule.set({ kind: name }, longestPauseMs(cronTime) / 1000);
    if (cronTime === 'off') return;
    let dueAt = 0;
    const onTick = async () => {
      // The same on every instance, however late a timer fires.
      const at = dueAt;
      dueAt = job.nextDate().toMillis();
      try {
        await work(at);
      } catch (error) {
        this.logger.warn(`the ${name} work could not begin: ${(error as Error).message}`);
      }
    };
    const job = CronJob.from({ cronTime, onTick, start: false, timeZone: 'UTC', unrefTimeout: true });
    dueAt = job.nextDate().toMillis();
    job.start();
    // The scheduler of Nest stops what is registered when the process stops.
    this.registry.addCronJob(name, job);
  }
}
