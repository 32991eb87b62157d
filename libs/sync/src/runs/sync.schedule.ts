import { Injectable, OnApplicationBootstrap } from '@nestjs/common';
import { Env } from '@app/common';
import { keys, LockService } from '@app/redis';
import { Evictor } from './evictor.js';
import { ChangeLogRetention } from './change-log.retention.js';
import { Clock } from './clock.js';
import { Reconciler } from './reconciler.js';
import { RunKind } from './sync-run.table.js';

const RETENTION_CRON = '15 4 * * *';

/**
 * What the clock starts on every instance. The lock lets one of them begin; that a moment has one run and no more is the
 * doing of the table of runs.
 */
@Injectable()
export class SyncSchedule implements OnApplicationBootstrap {
  constructor(
    private readonly env: Env,
    private readonly clock: Clock,
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
    this.clock.add('change-log', this.env.CHANGE_LOG_DAYS > 0 ? RETENTION_CRON : 'off', () => this.retention.purge());
  }

  private addRun(kind: RunKind, cronTime: string, start: (dueAt: number) => Promise<unknown>): void {
    // Held while the run begins, not while it goes on: it may load carts, which have a lock of their own.
    this.clock.add(kind, cronTime, (dueAt) => this.locks.tryExclusive(keys.lock.cron(kind), () => start(dueAt)));
  }
}
