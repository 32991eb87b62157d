import { Injectable } from '@nestjs/common';
import { SyncService } from '../sync.service.js';
import { CartPages } from './cart-pages.js';
import { forEachCart } from './each-cart.js';
import { RunKind, SyncRunTable } from './sync-run.table.js';
import { Run, SyncRuns } from './sync-runs.js';

/** Carts compared at once: shoppers' cold loads and the consumer share MySQL's connections with them. */
const AT_ONCE = 3;
/** A change is in MySQL within seconds; a difference older than this is none that is on its way. */
const LAG_MICROS = 60_000_000n;
/** How far two runs overlap, ms, whatever the clocks of Redis and MySQL do. */
const OVERLAP_MS = 300_000;

/**
 * Compares carts in Redis with MySQL and mends both. A cart that is not loaded is unknown, and never touched; a row is
 * deleted only for a removal. So it is right beside the queue, beside shoppers, and beside another of its kind.
 */
@Injectable()
export class Reconciler {
  constructor(
    private readonly runs: SyncRuns,
    private readonly table: SyncRunTable,
    private readonly pages: CartPages,
    private readonly sync: SyncService,
  ) {}

  /** Every loaded cart. Returns the id of the run, of the one under way if there is one. */
  async startFull(): Promise<string> {
    return (await this.runs.start('manual', (run) => this.all(run)))!;
  }

  /**
   * Every loaded cart, once per epoch of Redis: what Redis has lost and MySQL has is given back. `undefined`: this epoch
   * has had its run, and that has not failed; else the id of the one under way, which may be of the epoch before.
   */
  async startRecovery(epoch: number): Promise<string | undefined> {
    return this.runs.start('recovery', (run) => this.all(run), epoch);
  }

  /** For the clock: `undefined` when another instance has begun this one, or a full run makes it needless. */
  async startScheduled(kind: 'hourly' | 'daily', dueAt: number): Promise<string | undefined> {
    if (kind === 'daily') return this.runs.start(kind, (run) => this.all(run), dueAt);
    if ((await this.table.running('manual' satisfies RunKind)) !== undefined) return undefined;
    return this.runs.start(kind, (run) => this.recentlyActive(run), dueAt);
  }

  private async all(run: Run): Promise<void> {
    await this.each(this.pages.all(), run);
  }

  /** Those active since the last run that has succeeded. */
  private async recentlyActive(run: Run): Promise<void> {
    const now = Number((await this.pages.now()) / 1_000n);
    const since = await this.table.sinceLastSuccess();
    const from = since === undefined ? 0 : now - since - OVERLAP_MS;
    await this.each(this.pages.activeBetween(from, now), run);
  }

  private async each(pages: AsyncIterable<readonly string[]>, run: Run): Promise<void> {
    const { counts } = run;
    await forEachCart(pages, { atOnce: AT_ONCE, run }, async (userId) => {
      const settled = String((await this.pages.now()) - LAG_MICROS);
      const result = await this.sync.reconcile(userId, settled);
      if (!result) return;
      counts.carts += 1;
      counts.written += result.written;
      counts.softDeleted += result.softDeleted;
      counts.drift += result.drift;
    });
  }
}
