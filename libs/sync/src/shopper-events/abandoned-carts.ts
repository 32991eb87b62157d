import { BeforeApplicationShutdown, Injectable, Logger, OnApplicationBootstrap } from '@nestjs/common';
import { Env } from '@app/common';
import { fromCents, toIso } from '@app/database';
import { keys, LockService, RedisConnection } from '@app/redis';
import { IdleCart, IdleCartTable } from './idle-cart.table.js';
import { Repeater } from './repeater.js';
import { KeptEvent, ShopperEventTable } from './shopper-event.table.js';
import { ShopperEvents } from './shopper-events.js';

const HOUR_MS = 3_600_000;
const EVERY_MS = 60_000;
/** As long as less than this has passed since the last look, nobody looks again. */
const STEP_MS = 5 * 60_000;
/** Changes may come to MySQL late: so much of what was looked at is looked at again. */
const OVERLAP_MS = 15 * 60_000;
/** The first look there ever is does not tell of carts that were left long ago. */
const FIRST_MS = 24 * HOUR_MS;
const PAGE = 200;
const LEASE_MS = 60_000;

/**
 * Finds the carts that were left with something in them: nobody has changed them for ABANDONED_AFTER_HOURS. One event
 * for each such time: a later change, of whatever kind, begins another.
 *
 * They are found in MySQL, which survives a loss of Redis, along an index and only those that became idle since the
 * last look. Redis is asked whether it knows of a later change that has not come to MySQL.
 */
@Injectable()
export class AbandonedCarts implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly repeater = new Repeater(
    'abandoned carts are not looked for',
    EVERY_MS,
    async (signal) => {
      await this.look(signal);
      return false;
    },
    new Logger(AbandonedCarts.name),
  );

  constructor(
    private readonly table: IdleCartTable,
    private readonly events: ShopperEvents,
    private readonly kept: ShopperEventTable,
    private readonly redis: RedisConnection,
    private readonly locks: LockService,
    private readonly env: Env,
  ) {}

  onApplicationBootstrap(): void {
    if (this.env.ABANDONED_AFTER_HOURS > 0) this.repeater.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.repeater.stop();
  }

  /** Looks at what became idle since the last look, if it is time; one that is cut short is done again. */
  async look(signal?: AbortSignal, stepMs = STEP_MS): Promise<void> {
    await this.locks.tryExclusive(
      keys.lock.cron('abandoned'),
      async () => {
        const { upTo, now } = await this.table.progress();
        const to = now - this.env.ABANDONED_AFTER_HOURS * HOUR_MS;
        if (upTo !== undefined && to - upTo < stepMs) return;
        const from = upTo === undefined ? to - FIRST_MS : upTo - OVERLAP_MS;
        for await (const userIds of this.table.changedIn({ from, to }, PAGE)) {
          if (signal?.aborted) return;
          await this.keep(userIds, to);
        }
        await this.table.finish(to);
      },
      { leaseMs: LEASE_MS },
    );
  }

  private async keep(userIds: readonly string[], moment: number): Promise<void> {
    const idle = await this.table.idleSince(moment, userIds);
    if (idle.length === 0) return;
    const scores = await this.redis.command<(string | null)[]>([
      'ZMSCORE',
      keys.active,
      ...idle.map((cart) => cart.userId),
    ]);
    const left = idle.filter((_, i) => Number(scores[i] ?? 0) <= moment);
    await this.kept.add(left.map((cart) => this.toEvent(cart)));
  }

  private toEvent({ userId, lastChangedAt, version, skuCount, quantity, subtotal, items }: IdleCart): KeptEvent {
    return {
      // By time, for a repair gives items higher versions without a shopper's doing.
      occasion: String(lastChangedAt),
      event: {
        ...this.events.envelope(userId),
        type: 'cart.abandoned',
        lastChangedAt: toIso(lastChangedAt),
        cartVersion: version,
        skuCount,
        quantity,
        subtotal: fromCents(subtotal),
        items: items.map(({ addPrice, ...item }) => ({ ...item, addPrice: fromCents(addPrice) })),
      },
    };
  }
}
