import { Injectable } from '@nestjs/common';
import { CartStore } from '@app/cart';
import { Env } from '@app/common';
import { SyncService } from '../sync.service.js';
import { CartPages } from './cart-pages.js';
import { forEachCart } from './each-cart.js';
import { Run, SyncRuns } from './sync-runs.js';

const AT_ONCE = 3;
const DAY_MS = 86_400_000;
/** A change is in MySQL within seconds; a difference older than this is none that is on its way. */
const LAG_MICROS = 60_000_000n;

/**
 * Takes carts out of Redis that nobody has changed for EVICT_IDLE_DAYS, the longest idle first. Each is written back when
 * it has to be, compared, and then deleted by a script that does so only at the version compared. The next read brings
 * it back from MySQL; see ADR 0011 for why nothing on its way to MySQL can harm it.
 */
@Injectable()
export class Evictor {
  constructor(
    private readonly runs: SyncRuns,
    private readonly pages: CartPages,
    private readonly store: CartStore,
    private readonly sync: SyncService,
    private readonly env: Env,
  ) {}

  /** For the clock: `undefined` when this moment has had its run. */
  start(dueAt?: number): Promise<string | undefined> {
    return this.runs.start('evict', (run) => this.evictIdle(run), dueAt);
  }

  private async evictIdle(run: Run): Promise<void> {
    const now = Number((await this.pages.now()) / 1_000n);
    const idle = this.pages.activeBetween(0, Math.floor(now - this.env.EVICT_IDLE_DAYS * DAY_MS));
    await forEachCart(idle, { atOnce: AT_ONCE, run }, async (userId) => {
      const version = (await this.sync.verifiedVersion(userId)) ?? (await this.writeBack(userId, run));
      if (version !== undefined && (await this.store.evict(userId, version)) === 'EVICTED') run.counts.carts += 1;
    });
  }

  /** A cart that cannot be made equal now stays, and is looked at again by the next run. */
  private async writeBack(userId: string, { counts }: Run): Promise<string | undefined> {
    const settled = String((await this.pages.now()) - LAG_MICROS);
    const result = await this.sync.reconcile(userId, settled);
    // It is not there. To no version of it: should it come this moment, it stays.
    if (!result) return '';
    counts.written += result.written;
    counts.softDeleted += result.softDeleted;
    counts.drift += result.drift;
    return this.sync.verifiedVersion(userId);
  }
}
