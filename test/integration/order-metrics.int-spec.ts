import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OrderMetrics } from '@app/checkout';
import { Metrics } from '@app/common';
import { Database } from '@app/database';
import { createDataSource } from '../../ormconfig.js';
import { eventually } from '../support/eventually.js';
import { OwnDatabase } from '../support/own-database.js';

// A database of its own: what is oldest is asked of all orders.
let own: OwnDatabase;
let database: Database;

beforeAll(async () => {
  own = await OwnDatabase.create();
  database = new Database(createDataSource(own.url));
});
beforeEach(() => database.query('DELETE FROM orders'));
afterAll(async () => {
  await database.onApplicationShutdown();
  await own.drop();
});

/** An order made an hour ago that ends, and was closed, so many seconds from now. */
async function order({ status = 'pending', cart = 'taken', expiresIn = 600, closedAgo = 0 }): Promise<void> {
  await database.query(
    `INSERT INTO orders (user_id, status, currency, goods, promotion_discount, coupon_discount, payable, coupon_ids, gifts,
       created_at, expires_at, closed_at, cart_state, attempt_at)
     VALUES (1, ?, 'CNY', 1, 0, 0, 1, '[]', '[]', UTC_TIMESTAMP(3) - INTERVAL 3600 SECOND,
       UTC_TIMESTAMP(3) + INTERVAL ? SECOND, UTC_TIMESTAMP(3) - INTERVAL ? SECOND, ?, UTC_TIMESTAMP(3) + INTERVAL 10 SECOND)`,
    [status, expiresIn, closedAgo, cart],
  );
}

const metrics = new Metrics();

async function ages(): Promise<Record<string, number>> {
  const { values } = await metrics.registry.getSingleMetric('cart_order_step_oldest_age_seconds')!.get();
  return Object.fromEntries(values.map(({ labels, value }) => [labels['step'], Math.floor(value / 60)]));
}

describe('the age of what orders wait for', () => {
  it('is nothing while all are as they should be, and that of the oldest of each step, also between two attempts', async () => {
    new OrderMetrics(metrics, database);
    await order({});
    await order({ status: 'paid', expiresIn: -3_000, closedAgo: 3_000 });
    await order({ status: 'expired', cart: 'settled', expiresIn: -3_000, closedAgo: 3_000 });
    expect(await ages()).toEqual({ take: 0, return: 0, expire: 0, place: 0 });

    await order({ cart: 'take' });
    await order({ status: 'cancelled', cart: 'return', closedAgo: 125 });
    await order({ status: 'cancelled', cart: 'return', closedAgo: 65 });
    await order({ expiresIn: -185 });
    await order({ status: 'placing', cart: 'none' });
    // What was found holds for a second.
    await eventually(async () => expect(await ages()).toEqual({ take: 60, return: 2, expire: 3, place: 60 }));
  });
});
