import { Injectable, Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CronJob } from 'cron';

/** Starts work at the moments of a cron expression, in UTC, on every instance. */
@Injectable()
export class Clock {
  private readonly logger = new Logger(Clock.name);

  constructor(private readonly registry: SchedulerRegistry) {}

  /** `cronTime`: `off` for never. The work is given the moment it is for, ms since 1970; that it fails is logged. */
  add(name: string, cronTime: string, work: (dueAt: number) => Promise<unknown>): void {
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
