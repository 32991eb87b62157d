import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '@app/database';
import { CouponTable, UserCouponTable } from '@app/pricing';
import { RedisConnection } from '@app/redis';
import { createDataSource } from '../../ormconfig.js';
import { Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import {
  checkout,
  expectMoneyConserved,
  expectStockConserved,
  freshKey,
  insistOnCheckout,
  quantitiesOf,
} from '../support/checkout.js';
import { eventually } from '../support/eventually.js';
import { OwnDatabase } from '../support/own-database.js';
import { RedisServer } from '../support/redis-server.js';

/** How often a process dies at each point; every second time the client repeats its request. */
const KILLS = Number(process.env['CHECKOUT_KILLS'] ?? 2);
/** A repeat waits until the claim of the dead process lapses, and what is left half done may take a minute. */
const TIMEOUT_MS = KILLS * 120_000;
const WITHIN = { timeoutMs: 60_000, intervalMs: 250 };
const STOCK = 1_000;
const COUPON = 'one-off';

let own: OwnDatabase;
let redis: RedisServer;
let database: Database;
let settings: Record<string, string>;
let healthy: AppProcess;
let api: Api;
let admin: Shopper;

/** Servers of their own: no other process finishes these orders. */
beforeAll(async () => {
  own = await OwnDatabase.create();
  redis = await RedisServer.start();
  database = new Database(createDataSource(own.url));
  settings = {
    ...{ DATABASE_URL: own.url, REDIS_URL: redis.url, TRANSPORT: 'in-process' },
    ...{ UNFINISHED_AFTER_MS: '2000', EVENT_LATE_MS: '3000' },
  };
  healthy = await AppProcess.start(settings);
  api = new Api(healthy.url);
  admin = await api.admin();
  const always = { startsAt: null, endsAt: null, status: 'on' } as const;
  await new CouponTable(database).upsert([
    {
      couponId: COUPON,
      label: '1 off',
      kind: 'fixed',
      amount: 100,
      threshold: 0,
      scope: { platform: true },
      ...always,
    },
  ]);
});
afterAll(async () => {
  await expectMoneyConserved(database);
  expect(await healthy.stop()).toBe(0);
  await database.onApplicationShutdown();
  await redis.stop();
  await own.drop();
});

interface Sale {
  user: Shopper;
  skuIds: [whole: string, partly: string];
  key: string;
}

const BODY = { couponIds: [COUPON] };

/** A user with 2 and 3 of two SKUs and a coupon. */
async function beginSale(): Promise<Sale> {
  const skuIds = (await api.skus({ stock: STOCK }, { stock: STOCK })) as [string, string];
  const user = await api.login();
  await user.add(skuIds[0], 2);
  await user.add(skuIds[1], 3);
  await new UserCouponTable(database).grant(user.id, COUPON, 1);
  return { user, skuIds, key: freshKey() };
}

/** Has a process do something, and die in the middle of it. */
async function die(crashAt: string, user: Shopper, work: (user: Shopper) => Promise<unknown>): Promise<void> {
  const doomed = await AppProcess.start({ ...settings, CRASH_AT: crashAt });
  try {
    const at = user.at(new Api(doomed.url));
    // Its last answer may still come through.
    await work(at).catch((error: Error) => expect(error.message).toBe('fetch failed'));
    await eventually(() => expect(doomed.isDead).toBe(true));
  } finally {
    await doomed.kill();
  }
}

const ordersOf = (userId: string) =>
  database.query<{ order_id: string; status: string; cart_state: string }>(
    'SELECT order_id, status, cart_state FROM orders WHERE user_id = ?',
    [userId],
  );

/** The order stands and its items are gone, in Redis and in MySQL, to the unit. */
async function expectSold({ user, skuIds }: Sale): Promise<void> {
  await eventually(async () => {
    expect(await quantitiesOf(user)).toEqual({});
    expect(await ordersOf(user.id)).toMatchObject([{ status: 'pending', cart_state: 'taken' }]);
    expect((await admin.get(`/v1/admin/carts/${user.id}/diff`)).body).toMatchObject({ inSync: true });
  }, WITHIN);
  expect(await expectStockConserved(database, skuIds[0], STOCK)).toBe(2);
  expect(await expectStockConserved(database, skuIds[1], STOCK)).toBe(3);
}

/** There is no order, and everything is where it was. */
async function expectUnsold({ user, skuIds }: Sale): Promise<void> {
  expect(await ordersOf(user.id)).toEqual([]);
  expect(await quantitiesOf(user)).toEqual({ [skuIds[0]]: 2, [skuIds[1]]: 3 });
  for (const skuId of skuIds) expect(await expectStockConserved(database, skuId, STOCK)).toBe(0);
}

describe.each([
  ['checkout-claimed', false],
  ['checkout-persisted', false],
  ['checkout-written', false],
  ['checkout-committed', true],
  ['checkout-taken', true],
  ['checkout-answered', true],
])('K2 kill -9 of a checkout at %s', (crashAt, isOrdered) => {
  it(
    `leaves ${isOrdered ? 'the order without the items' : 'the items without an order'}`,
    async () => {
      for (let i = 0; i < KILLS; i++) {
        const sale = await beginSale();
        await die(crashAt, sale.user, (user) => checkout(user, BODY, sale.key));
        if (!isOrdered) await expectUnsold(sale);
        else if (i % 2 === 0) await expectSold(sale);
        if (i % 2 === 0 && !isOrdered) continue;
        const answer = await insistOnCheckout(sale.user, BODY, sale.key);
        expect(answer).toMatchObject({ status: 201, body: { totals: { payable: '15.95', couponDiscount: '1.00' } } });
        expect(answer.headers.get('idempotent-replayed')).toBe(isOrdered ? 'true' : null);
        await expectSold(sale);
      }
    },
    TIMEOUT_MS,
  );
});

describe.each(['cancel-closed', 'cancel-returned'])('K4 kill -9 of a cancellation at %s', (crashAt) => {
  it(
    'is finished: stock, coupon and items are back, once',
    async () => {
      for (let i = 0; i < KILLS; i++) {
        const sale = await beginSale();
        const { user, skuIds } = sale;
        const { orderId } = (await checkout(user, BODY)).body;
        await die(crashAt, user, (one) => one.post(`/v1/orders/${orderId}/cancel`));
        const restored = [
          { skuId: skuIds[0], quantity: 2, outcome: 'restored' },
          { skuId: skuIds[1], quantity: 3, outcome: 'restored' },
        ];
        if (i % 2 === 1) {
          const { body } = await user.post(`/v1/orders/${orderId}/cancel`);
          for (const one of restored) expect(body.restored).toContainEqual(one);
        }
        await eventually(async () => {
          expect(await quantitiesOf(user)).toEqual({ [skuIds[0]]: 2, [skuIds[1]]: 3 });
          expect(await ordersOf(user.id)).toMatchObject([{ status: 'cancelled', cart_state: 'settled' }]);
        }, WITHIN);
        for (const one of restored) {
          expect((await user.post(`/v1/orders/${orderId}/cancel`)).body.restored).toContainEqual(one);
        }
        for (const skuId of skuIds) expect(await expectStockConserved(database, skuId, STOCK)).toBe(0);
        // The coupon is good for another order.
        expect((await checkout(user, BODY)).status).toBe(201);
      }
    },
    TIMEOUT_MS,
  );
});

describe('Redis loses everything', () => {
  const flush = async () => {
    const connection = new RedisConnection({ url: redis.url });
    await connection.connect();
    await connection.command(['FLUSHALL']);
    await connection.close();
  };

  it('between the order and the cart: MySQL’s copy of the cart gives the items up', async () => {
    const sale = await beginSale();
    await die('checkout-committed', sale.user, (user) => checkout(user, BODY, sale.key));
    await flush();
    await expectSold(sale);
  });

  it('after an order was cancelled: its items come back into MySQL’s copy', async () => {
    const sale = await beginSale();
    const { orderId } = (await checkout(sale.user, BODY)).body;
    await expectSold(sale);
    await die('cancel-closed', sale.user, (user) => user.post(`/v1/orders/${orderId}/cancel`));
    await flush();
    await eventually(async () => {
      expect(await quantitiesOf(sale.user)).toEqual({ [sale.skuIds[0]]: 2, [sale.skuIds[1]]: 3 });
    }, WITHIN);
  });
});
