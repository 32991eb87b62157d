import { setImmediate as breathe } from 'node:timers/promises';
import { Injectable, OnApplicationBootstrap } from '@nestjs/common';
import { Env } from '@app/common';
import { Clock, type Run, SyncRuns } from '@app/sync';
import { Baskets } from './baskets.js';
import { CompanionTable } from './companion.table.js';
import { Companions } from './companions.js';
import { OrderBaskets } from './order.baskets.js';

/** The latest are enough to learn from, and bound what a run reads and holds. */
const MAX_ORDERS = 100_000;

/** Learns from the orders of the last months what is bought together. One instance does it, as a run among the others. */
@Injectable()
export class CompanionsLearner implements OnApplicationBootstrap {
  constructor(
    private readonly env: Env,
    private readonly clock: Clock,
    private readonly runs: SyncRuns,
    private readonly orders: OrderBaskets,
    private readonly table: CompanionTable,
    private readonly companions: Companions,
  ) {}

  onApplicationBootstrap(): void {
    this.clock.add('recommendations', this.env.RECOMMENDATIONS_CRON, (dueAt) => this.start(dueAt));
  }

  /** `undefined`: this moment of the schedule has had its run; else the id of it, or of the one under way. */
  start(dueAt?: number): Promise<string | undefined> {
    return this.runs.start('recommendations', (run) => this.learn(run), dueAt);
  }

  /** What was learned before stays until it is replaced, SKU by SKU: a run that ends half-way has taken nothing away. */
  private async learn({ counts, signal }: Run): Promise<void> {
    const { now, since } = await this.orders.clock(this.env.RECOMMENDATIONS_DAYS);
    const baskets = new Baskets();
    for await (const page of this.orders.paidSince(since, MAX_ORDERS)) {
      signal.throwIfAborted();
      for (const basket of page) {
        baskets.add(basket);
        await breathe();
      }
      counts.carts += page.length;
    }
    for await (const { skuIds, written } of this.table.replace(baskets.companions(), now)) {
      signal.throwIfAborted();
      await this.companions.forget(skuIds);
      counts.written += written;
    }
    for (let deleted = 1; deleted > 0; counts.softDeleted += deleted) {
      signal.throwIfAborted();
      deleted = await this.table.forget(now);
    }
  }
}
