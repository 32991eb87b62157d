import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Env } from '@app/common';
import { fromCents, Query, toIso } from '@app/database';
import { ShopperEventTable } from './shopper-event.table.js';
import { ShopperEvent } from './shopper-event.js';

const MOST_ITEMS = 1_000;

/** An order that was paid. Money in cents. */
export interface Conversion {
  userId: string;
  orderId: string;
  total: number;
  items: readonly { skuId: string; quantity: number; price: number }[];
}

type Envelope = Pick<ShopperEvent, 'schema' | 'id' | 'at' | 'userId' | 'currency'>;

/** Tells others, by way of a table and a topic, what happened to shoppers' carts. */
@Injectable()
export class ShopperEvents {
  constructor(
    private readonly table: ShopperEventTable,
    private readonly env: Env,
  ) {}

  /** What every event begins with. */
  envelope(userId: string): Envelope {
    return { schema: 1, id: randomUUID(), at: toIso(Date.now()), userId, currency: this.env.CURRENCY };
  }

  /**
   * `cart.converted`, once for each order. Within the caller's transaction: the event goes out if that commits, and only
   * then.
   */
  async converted(conversions: readonly Conversion[], query: Query): Promise<void> {
    const events = conversions
      .filter(({ items }) => items.length > 0)
      .map(({ userId, orderId, total, items }) => ({
        occasion: orderId,
        event: {
          ...this.envelope(userId),
          type: 'cart.converted' as const,
          orderId,
          quantity: items.reduce((sum, { quantity }) => sum + quantity, 0),
          total: fromCents(total),
          items: items
            .slice(0, MOST_ITEMS)
            .map(({ skuId, quantity, price }) => ({ skuId, quantity, price: fromCents(price) })),
        },
      }));
    await this.table.add(events, query);
  }
}
