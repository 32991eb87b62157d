import { setTimeout as delay } from 'node:timers/promises';
import { BeforeApplicationShutdown, Injectable, Logger, OnApplicationBootstrap } from '@nestjs/common';
import { RepeatedWarning } from '@app/common';
import { CartPages } from '../runs/cart-pages.js';
import { forEachCart } from '../runs/each-cart.js';
import { Run, SyncRuns } from '../runs/sync-runs.js';
import { SyncService } from '../sync.service.js';
import { GapTable } from './gap.table.js';
import { OverflowMetrics } from './overflow.metrics.js';
import { MarkedCart, OverflowStore } from './overflow.store.js';

const EVERY_MS = 2_000;
const MOST_MS = 30_000;
const PAGE = 500;
/** Shoppers' cold loads and the consumer share MySQL's connections with them. */
const AT_ONCE = 3;

/**
 * Brings MySQL up to the carts that were changed while the outbox was full, once there is room again: each is compared
 * as an operator's sync would, and its mark goes only when it is still the one that was seen before. So a process that
 * dies in between leaves the mark, and a change made meanwhile its own.
 */
@Injectable()
export class OverflowRepair implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly trouble = new RepeatedWarning(new Logger(OverflowRepair.name), 'cannot look after a full outbox');
  private readonly stopping = new AbortController();
  /** What of the gap is in MySQL, as far as this process knows. */
  private kept = '';

  constructor(
    private readonly store: OverflowStore,
    private readonly gaps: GapTable,
    private readonly metrics: OverflowMetrics,
    private readonly runs: SyncRuns,
    private readonly pages: CartPages,
    private readonly sync: SyncService,
  ) {}

  onApplicationBootstrap(): void {
    void this.watch();
  }

  beforeApplicationShutdown(): void {
    this.stopping.abort();
  }

  /** One look: keeps the count of missing lines, and starts a run when carts are marked and there is room. */
  async look(): Promise<void> {
    await this.keepGap();
    if ((await this.store.count()) === 0 || !(await this.store.hasRoom())) return;
    await this.runs.start('overflow', (run) => this.repair(run));
  }

  private async watch(): Promise<void> {
    let pause = EVERY_MS;
    while (!this.stopping.signal.aborted) {
      try {
        await this.look();
        pause = EVERY_MS;
        this.trouble.worked();
      } catch (error) {
        this.trouble.failed((error as Error).message);
        pause = Math.min(2 * pause, MOST_MS);
      }
      await delay(pause, undefined, { signal: this.stopping.signal, ref: false }).catch(() => undefined);
    }
  }

  private async keepGap(): Promise<void> {
    const gap = await this.store.gap();
    const state = gap ? `${gap.since} ${gap.lines}` : 'none';
    if (state === this.kept) return;
    if (gap) await this.gaps.keep(gap);
    this.metrics.gaps.set(await this.gaps.total());
    this.kept = state;
  }

  private async repair(run: Run): Promise<void> {
    const marks = new Map<string, MarkedCart>();
    await forEachCart(this.marked(marks), { atOnce: AT_ONCE, run }, async (userId) => {
      const { written, softDeleted } = await this.sync.sync(userId, 'uncounted');
      await this.store.settle(marks.get(userId)!);
      run.counts.carts += 1;
      run.counts.written += written;
      run.counts.softDeleted += softDeleted;
    });
  }

  /** Those marked by now: the run must come to an end while others are marked. */
  private async *marked(marks: Map<string, MarkedCart>): AsyncGenerator<string[]> {
    const until = String(await this.pages.now());
    for (let from = '0'; ;) {
      const page = await this.store.marked(from, until, PAGE);
      marks.clear();
      for (const one of page) marks.set(one.userId, one);
      if (page.length > 0) yield [...marks.keys()];
      if (page.length < PAGE) return;
      from = String(BigInt(page.at(-1)!.mark) + 1n);
    }
  }
}
