import { Injectable, Logger, OnApplicationBootstrap } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CronJob } from 'cron';
import { Env } from '@app/common';
import { keys, LockService } from '@app/redis';
import { Evictor } from './evictor.js';
import { ChangeLogRetention } from './change-log.retention.js';
import { Reconciler } from './reconciler.js';
import { RunKind } from './sync-run.table.js';

const RETENTION_CRON = '15 4 * * *';

/**
 * What the clock starts, in UTC, on every instance. The lock lets one of them begin; that a moment has one run and no
 * more is the doing of the table of runs.
 */
@Injectable()
export class SyncSchedule implements OnApplicationBootstrap {
  private readonly logger = new Logger(SyncSchedule.name);

  constructor(
    private readonly env: Env,
    private readonly registry: SchedulerRegistry,
    private readonly locks: LockService,
    private readonly reconciler: Reconciler,
    private readonly evictor: Evictor,
    private readonly retention: ChangeLogRetention,
  ) {}

  onApplicationBootstrap(): void {
    const { SYNC_HOURLY_CRON, SYNC_DAILY_CRON, EVICT_CRON, EVICT_IDLE_DAYS } = this.env;
    this.addRun('hourly', SYNC_HOURLY_CRON, (dueAt) => this.reconciler.startScheduled('hourly', dueAt));
    this.addRun('daily', SYNC_DAILY_CRON, (dueAt) => this.reconciler.startScheduled('daily', dueAt));
    this.addRun('evict', EVICT_IDLE_DAYS > 0 ? EVICT_CRON : 'off', (dueAt) => this.evictor.start(dueAt));
    this.add('change-log', this.env.CHANGE_LOG_DAYS > 0 ? RETENTION_CRON : 'off', () => this.retention.purge());
  }

  private addRun(kind: RunKind, cronTime: string, start: (dueAt: number) => Promise<unknown>): void {
    // Held while the run begins, not while it goes on: it may load carts, which have a lock of their own.
    this.add(kind, cronTime, (dueAt) => this.locks.tryExclusive(keys.lock.cron(kind), () => start(dueAt)));
  }

  private add(name: string, cronTime: string, work: (dueAt: number) => Promise<unknown>): void {
    if (cronTime === 'off') return;
    let dueAt = 0;
    const onTick = async () => {
      // The moment it was for, the same on every instance, however late a timer fires.
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
