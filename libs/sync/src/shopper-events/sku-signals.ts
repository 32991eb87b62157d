import { BeforeApplicationShutdown, Injectable, Logger, OnApplicationBootstrap } from '@nestjs/common';
import { crashPoint, Env } from '@app/common';
import { Database, fromCents } from '@app/database';
import { keys, LockService } from '@app/redis';
import { Repeater } from './repeater.js';
import { KeptEvent, ShopperEventTable } from './shopper-event.table.js';
import { ShopperEvents } from './shopper-events.js';
import { DueSignal, Holder, SkuSignalTable } from './sku-signal.table.js';

const EVERY_MS = 2_000;
/** What shoppers did before the change is in MySQL by then. */
const SETTLED_MS = 5_000;
const SIGNALS = 50;
const PAGE = 500;
/** Far longer than a look at so many signals takes. */
const LEASE_MS = 10_000;

/**
 * Finds those who hold a SKU whose price fell or that can be bought again, page by page, and keeps an event for each.
 *
 * Events and progress are one transaction, which only the holder of the place it read commits: a process that dies
 * leaves nothing half done, and two at once do no page twice. A page for each signal in turn, so that a SKU that a
 * million hold does not keep the others waiting.
 */
@Injectable()
export class SkuSignals implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly repeater = new Repeater(
    'shoppers are not told of SKUs',
    EVERY_MS,
    async () => (await this.step(SETTLED_MS)) > 0,
    new Logger(SkuSignals.name),
  );

  constructor(
    private readonly table: SkuSignalTable,
    private readonly events: ShopperEvents,
    private readonly kept: ShopperEventTable,
    private readonly database: Database,
    private readonly locks: LockService,
    private readonly env: Env,
  ) {}

  onApplicationBootstrap(): void {
    this.repeater.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.repeater.stop();
  }

  /** A page of each signal that is old enough; returns how many pages. None while another instance is at it. */
  async step(olderThanMs: number, pageSize = PAGE): Promise<number> {
    const step = await this.locks.tryExclusive(
      keys.lock.cron('sku-signals'),
      async () => {
        const due = await this.table.due(olderThanMs, SIGNALS);
        for (const signal of due) await this.page(signal, pageSize);
        return due.length;
      },
      { leaseMs: LEASE_MS },
    );
    return step.ran ? step.value : 0;
  }

  private async page(signal: DueSignal, pageSize: number): Promise<void> {
    const isVoid = signal.gone || (signal.kind === 'stock' && !signal.available);
    const holders = isVoid ? [] : await this.table.holders(signal, pageSize);
    const next = holders.length < pageSize ? undefined : holders.at(-1)!.id;
    const told = holders.flatMap((holder) => this.toEvent(signal, holder) ?? []);
    await this.database.transaction(async (query) => {
      if (!(await this.table.move(signal, next, query))) return;
      crashPoint('sku-signal-moved');
      await this.kept.add(told, query);
      crashPoint('shopper-events-added');
    });
  }

  private toEvent(signal: DueSignal, holder: Holder): KeptEvent | undefined {
    if (holder.deleted) return undefined;
    const { skuId, skuCode, shopId, name, available, skuVersion } = signal;
    const { userId, quantity } = holder;
    const [addPrice, price] = [fromCents(holder.addPrice), fromCents(signal.price)];
    const held = { skuId, skuCode, shopId, name, quantity, addPrice, price, available };
    if (signal.kind === 'stock') {
      // Whoever put it into the cart since then has seen that it is there.
      if (holder.isLater) return undefined;
      const event = { ...this.events.envelope(userId), type: 'cart.back_in_stock' as const, ...held, skuVersion };
      return { skuId, occasion: skuVersion, event };
    }
    const known = Math.min(holder.addPrice, holder.toldPrice ?? Infinity);
    if (!isDrop(known, signal.price, this.env.PRICE_DROP_PERCENT)) return undefined;
    const knownPrice = fromCents(known);
    const event = { ...this.events.envelope(userId), type: 'cart.price_dropped' as const, ...held, knownPrice };
    return { skuId, occasion: price, event };
  }
}

/** Whether a price is lower by so many percent of what was known, or more. In whole cents: the edge is exact. */
export function isDrop(known: number, price: number, percent: number): boolean {
  return price < known && price * 100 <= known * (100 - percent);
}
