import { setTimeout as delay } from 'node:timers/promises';
import { BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Env } from '@app/common';
import { keys, LockService } from '@app/redis';
import { ChangeLogTable } from '../change-log.table.js';

/** Small enough that no consumer waits for a lock on the rows it appends to. */
const BATCH = 1_000;
const LEASE_MS = 10_000;
const PAUSE_MS = 50;

/** Takes lines out of the change log that are older than CHANGE_LOG_DAYS. */
@Injectable()
export class ChangeLogRetention implements BeforeApplicationShutdown {
  private readonly logger = new Logger(ChangeLogRetention.name);
  private readonly stopping = new AbortController();

  constructor(
    private readonly table: ChangeLogTable,
    private readonly locks: LockService,
    private readonly env: Env,
  ) {}

  beforeApplicationShutdown(): void {
    this.stopping.abort();
  }

  /** In small batches, each under the lock for itself; when another instance is at it, that one goes on alone. */
  async purge(): Promise<number> {
    const { CHANGE_LOG_DAYS: days } = this.env;
    let deleted = 0;
    while (days > 0 && !this.stopping.signal.aborted) {
      const batch = await this.locks.tryExclusive(keys.lock.cron('change-log'), () => this.table.purge(days, BATCH), {
        leaseMs: LEASE_MS,
      });
      if (!batch.ran) break;
      deleted += batch.value;
      if (batch.value < BATCH) break;
      await delay(PAUSE_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
    if (deleted > 0) this.logger.log(`${deleted} lines of the change log were older than ${days} days`);
    return deleted;
  }
}
