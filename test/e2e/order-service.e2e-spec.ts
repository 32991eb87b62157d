import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '@app/database';
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
import { OrderService } from '../support/order-service.js';
import { OwnDatabase } from '../support/own-database.js';
import { RedisServer } from '../support/redis-server.js';

const WITHIN = { timeoutMs: 60_000, intervalMs: 250 };

let own: OwnDatabase;
let redis: RedisServer;
let database: Database;
let service: OrderService;
let settings: Record<string, string>;
let app: AppProcess;
let api: Api;

beforeAll(async () => {
  own = await OwnDatabase.create();
  redis = await RedisServer.start();
  database = new Database(createDataSource(own.url));
  service = await OrderService.start();
  settings = {
    DATABASE_URL: own.url,
    REDIS_URL: redis.url,
    TRANSPORT: 'in-process',
    ORDER_SERVICE_URL: service.url,
    ORDER_SERVICE_TIMEOUT_MS: '1000',
  };
  app = await AppProcess.start(settings);
  api = new Api(app.url);
});
afterEach(() => {
  service.behaviour = 'accept';
});
afterAll(async () => {
  await expectMoneyConserved(database);
  expect(await app.stop()).toBe(0);
  await database.onApplicationShutdown();
  await redis.stop();
  await service.stop();
  await own.drop();
});

async function buyer(): Promise<{ user: Shopper; skuId: string; key: string }> {
  const [skuId] = (await api.skus({ stock: 10 })) as [string];
  const user = await api.login();
  await user.add(skuId, 2);
  return { user, skuId, key: freshKey() };
}

const statusesOf = async (userId: string) =>
  (await database.query<{ status: string }>('SELECT status FROM orders WHERE user_id = ?', [userId])).map(
    ({ status }) => status,
  );

describe('an order service of the shop', () => {
  it('A1: makes an order of 0.00 paid by its yes, and nothing of it by its no', async () => {
    const [skuId] = (await api.skus({ stock: 10, price: 0 })) as [string];
    const user = await api.login();
    await user.add(skuId, 2);
    service.behaviour = 'refuse';
    expect((await checkout(user, { expectedPayable: '0.00' })).body.code).toBe('CHECKOUT_REJECTED');
    expect(await expectStockConserved(database, skuId, 10)).toBe(0);
    service.behaviour = 'accept';
    const { body } = await checkout(user, { expectedPayable: '0.00' });
    expect(body.status).toBe('paid');
    expect(await statusesOf(user.id)).toEqual(['failed', 'paid']);
    const told = 'SELECT occasion FROM shopper_event WHERE user_id = ?';
    expect(await database.query(told, [user.id])).toEqual([{ occasion: body.orderId }]);
    await eventually(async () => expect(await quantitiesOf(user)).toEqual({}));
  });

  it('is asked once for an order, and told of its end', async () => {
    const { user, skuId, key } = await buyer();
    const { status, body } = await checkout(user, {}, key);
    expect({ status, body }).toMatchObject({ status: 201, body: { status: 'pending' } });
    expect(service.taken.get(body.orderId)).toMatchObject({
      orderId: body.orderId,
      userId: user.id,
      items: [{ skuId, quantity: 2, payable: '6.78' }],
      totals: { payable: '6.78' },
    });
    const { calls } = service;
    expect((await checkout(user, {}, key)).body).toEqual(body);
    expect(service.calls).toBe(calls);
    expect(await quantitiesOf(user)).toEqual({});

    await user.post(`/v1/orders/${body.orderId}/cancel`);
    expect(service.closed.get(`${body.orderId}-close`)).toMatchObject({ orderId: body.orderId, status: 'cancelled' });
    expect(await quantitiesOf(user)).toEqual({ [skuId]: 2 });
  });

  it('that says no leaves everything where it was; another key may try again', async () => {
    const { user, skuId, key } = await buyer();
    const before = await user.cart();
    service.behaviour = 'refuse';
    const refused = await checkout(user, {}, key);
    expect(refused).toMatchObject({ status: 409, body: { code: 'CHECKOUT_REJECTED' } });
    expect((await user.cart()).version).toBe(before.version);
    expect(await expectStockConserved(database, skuId, 10)).toBe(0);
    expect(await statusesOf(user.id)).toEqual(['failed']);
    service.behaviour = 'accept';
    const again = await checkout(user, {}, key);
    expect(again).toMatchObject({ status: 409, body: { code: 'CHECKOUT_REJECTED', cart: { items: [{ skuId }] } } });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect((await checkout(user)).status).toBe(201);
  });

  it.each(['fail', 'silent'] as const)('that does not say (%s) is asked again by the repeat', async (behaviour) => {
    const { user, skuId, key } = await buyer();
    service.behaviour = behaviour;
    const unknown = await checkout(user, {}, key);
    expect(unknown).toMatchObject({ status: 503, body: { code: 'CART_UNAVAILABLE' } });
    expect(Number(unknown.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await quantitiesOf(user)).toEqual({ [skuId]: 2 });
    expect(await expectStockConserved(database, skuId, 10)).toBe(2);
    // What is in doubt cannot be ordered beside it.
    expect((await checkout(user)).body.code).toBe('CART_BUSY');
    service.behaviour = 'accept';
    const { status, body } = await insistOnCheckout(user, {}, key);
    expect(status).toBe(201);
    expect(await statusesOf(user.id)).toEqual(['pending']);
    expect([...service.taken.values()].filter((order) => order['userId'] === user.id)).toHaveLength(1);
    expect(service.taken.has(body.orderId as string)).toBe(true);
    await eventually(async () => expect(await quantitiesOf(user)).toEqual({}));
  });

  it('that took the order and was not heard is asked again by the sweeper', async () => {
    const { user, skuId } = await buyer();
    service.behaviour = 'commit-then-silent';
    expect((await checkout(user)).status).toBe(503);
    expect(await quantitiesOf(user)).toEqual({ [skuId]: 2 });
    service.behaviour = 'accept';
    await eventually(async () => {
      expect(await statusesOf(user.id)).toEqual(['pending']);
      expect(await quantitiesOf(user)).toEqual({});
    }, WITHIN);
    expect([...service.taken.values()].filter((order) => order['userId'] === user.id)).toHaveLength(1);
    expect(await expectStockConserved(database, skuId, 10)).toBe(2);
  });

  it('that says yes after the time to pay is over leaves that time from then on', async () => {
    const { user, key } = await buyer();
    service.behaviour = 'commit-then-silent';
    expect((await checkout(user, {}, key)).status).toBe(503);
    service.behaviour = 'accept';
    await database.query('UPDATE orders SET expires_at = UTC_TIMESTAMP(3) WHERE user_id = ?', [user.id]);
    const { status, body } = await insistOnCheckout(user, {}, key);
    expect(status).toBe(201);
    expect(Date.parse(body.expiresAt as string) - Date.parse(body.createdAt as string)).toBeGreaterThan(1_800_000);
    expect((await user.post(`/v1/orders/${body.orderId}/pay`)).body.code).not.toBe('ORDER_CLOSED');
    expect(await statusesOf(user.id)).toEqual(['pending']);
  });

  it('that took the order, was not heard, and says no to the repeat, is told that it is closed', async () => {
    const { user, skuId, key } = await buyer();
    service.behaviour = 'commit-then-silent';
    expect((await checkout(user, {}, key)).status).toBe(503);
    service.behaviour = 'refuse';
    expect((await insistOnCheckout(user, {}, key)).body.code).toBe('CHECKOUT_REJECTED');
    expect(await expectStockConserved(database, skuId, 10)).toBe(0);
    service.behaviour = 'accept';
    const [order] = await database.query<{ order_id: string }>('SELECT order_id FROM orders WHERE user_id = ?', [
      user.id,
    ]);
    await eventually(() => {
      expect(service.closed.get(`${order!.order_id}-close`)).toMatchObject({ status: 'failed' });
    }, WITHIN);
  });

  it('that says nothing until the time to pay is over has not got the order, and is told so', async () => {
    const { user, skuId } = await buyer();
    service.behaviour = 'fail';
    expect((await checkout(user)).status).toBe(503);
    await database.query('UPDATE orders SET expires_at = UTC_TIMESTAMP(3) WHERE user_id = ?', [user.id]);
    await eventually(async () => expect(await statusesOf(user.id)).toEqual(['failed']), WITHIN);
    expect(await expectStockConserved(database, skuId, 10)).toBe(0);
    expect(await quantitiesOf(user)).toEqual({ [skuId]: 2 });
    service.behaviour = 'accept';
    await eventually(() => {
      const told = [...service.closed.values()].filter(({ userId }) => userId === user.id);
      expect(told).toMatchObject([{ status: 'failed' }]);
    }, WITHIN);
    expect((await checkout(user)).status).toBe(201);
  });

  it('that cannot be told of a cancellation is told later', async () => {
    const { user } = await buyer();
    const { orderId } = (await checkout(user)).body;
    service.behaviour = 'fail';
    expect((await user.post(`/v1/orders/${orderId}/cancel`)).body.status).toBe('cancelled');
    service.behaviour = 'accept';
    await eventually(() => expect(service.closed.has(`${orderId}-close`)).toBe(true), WITHIN);
  });

  it.each(['order-reserved', 'order-placed'])('K2 kill -9 at %s: the order is finished, once', async (crashAt) => {
    const doomed = await AppProcess.start({ ...settings, CRASH_AT: crashAt });
    const { user, skuId, key } = await buyer();
    try {
      await expect(checkout(user.at(new Api(doomed.url)), {}, key)).rejects.toThrow('fetch failed');
    } finally {
      await doomed.kill();
    }
    await eventually(async () => {
      expect(await statusesOf(user.id)).toEqual(['pending']);
      expect(await quantitiesOf(user)).toEqual({});
    }, WITHIN);
    expect(await expectStockConserved(database, skuId, 10)).toBe(2);
    const repeat = await insistOnCheckout(user, {}, key);
    expect(repeat.status).toBe(201);
    expect(repeat.headers.get('idempotent-replayed')).toBe('true');
  });
});
