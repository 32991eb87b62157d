import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '@app/database';
import { createDataSource } from '../../ormconfig.js';
import { Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { checkout, quantitiesOf } from '../support/checkout.js';
import { OwnDatabase } from '../support/own-database.js';
import { RedisServer } from '../support/redis-server.js';

interface Page {
  orders: { orderId: string; status: string; userId?: string; createdAt: string }[];
  next: string | null;
}

let own: OwnDatabase;
let redis: RedisServer;
let database: Database;
let app: AppProcess;
let api: Api;
let admin: Shopper;

/** A shop of its own: the operator's lists are of all orders there are. */
beforeAll(async () => {
  [own, redis] = await Promise.all([OwnDatabase.create(), RedisServer.start()]);
  database = new Database(createDataSource(own.url));
  app = await AppProcess.start({
    ...{ DATABASE_URL: own.url, REDIS_URL: redis.url, TRANSPORT: 'in-process', DEMO_PAY: 'true' },
    MAX_PENDING_ORDERS: '100',
  });
  api = new Api(app.url);
  admin = await api.admin();
});
afterAll(async () => {
  expect(await app.stop()).toBe(0);
  await database.onApplicationShutdown();
  await Promise.all([redis.stop(), own.drop()]);
});

/** Orders a new SKU so many times, one after another; the oldest first. */
async function order(user: Shopper, times = 1): Promise<string[]> {
  const [skuId] = (await api.skus({})) as [string];
  const orderIds: string[] = [];
  for (let n = 0; n < times; n += 1) {
    await user.add(skuId, 1);
    const { status, body } = await checkout(user);
    expect(status).toBe(201);
    orderIds.push(body.orderId);
  }
  return orderIds;
}

const list = async (by: Shopper, path: string): Promise<Page> => {
  const { status, body } = await by.get<Page>(path);
  expect({ status, body }).toMatchObject({ status: 200 });
  return body;
};
const problem = (status: number, code: string) => ({ status, body: { status, code } });
const idsOf = ({ orders }: Page) => orders.map(({ orderId }) => orderId);

describe('GET /v1/orders', () => {
  it('lists the user’s own orders, newest first, as each is shown alone', async () => {
    const [user, stranger] = await Promise.all([api.login(), api.login()]);
    const mine = await order(user, 3);
    await order(stranger);
    const page = await list(user, '/v1/orders');
    expect(idsOf(page)).toEqual([...mine].reverse());
    expect(page.next).toBeNull();
    expect(page.orders[0]).toEqual((await user.get(`/v1/orders/${mine[2]}`)).body);
    expect(await list(await api.login(), '/v1/orders')).toEqual({ orders: [], next: null });
  });

  it('goes on where the page before ended, and ends with null', async () => {
    const user = await api.login();
    const mine = (await order(user, 5)).reverse();
    const first = await list(user, '/v1/orders?limit=2');
    const second = await list(user, `/v1/orders?limit=2&cursor=${first.next}`);
    const third = await list(user, `/v1/orders?limit=2&cursor=${second.next}`);
    expect([first, second, third].map(idsOf)).toEqual([mine.slice(0, 2), mine.slice(2, 4), mine.slice(4)]);
    expect(third.next).toBeNull();
    expect((await list(user, '/v1/orders?limit=5')).next).toBeNull();
  });

  it('shows those of one status', async () => {
    const user = await api.login();
    const [paid, cancelled, pending] = (await order(user, 3)) as [string, string, string];
    expect((await user.post(`/v1/orders/${paid}/pay`)).status).toBe(200);
    expect((await user.post(`/v1/orders/${cancelled}/cancel`)).status).toBe(200);
    for (const [status, orderId] of [
      ['paid', paid],
      ['cancelled', cancelled],
      ['pending', pending],
    ] as const) {
      expect(idsOf(await list(user, `/v1/orders?status=${status}`))).toEqual([orderId]);
    }
    expect(idsOf(await list(user, '/v1/orders?status=expired'))).toEqual([]);
  });

  it('shows no order that the order service has not taken', async () => {
    const user = await api.login();
    const [placing, failed, made] = (await order(user, 3)) as [string, string, string];
    await database.query("UPDATE orders SET status = 'placing', attempt_at = '9999-01-01' WHERE order_id = ?", [
      placing,
    ]);
    await database.query("UPDATE orders SET status = 'failed' WHERE order_id = ?", [failed]);
    expect(idsOf(await list(user, '/v1/orders'))).toEqual([made]);
    expect(idsOf(await list(admin, `/v1/admin/orders?userId=${user.id}`))).toEqual([made]);
    expect(await admin.get(`/v1/admin/orders/${placing}`)).toMatchObject(problem(404, 'ORDER_NOT_FOUND'));
  });

  it.each(['status=lost', 'limit=0', 'limit=101', 'limit=x', 'cursor=x', 'userId=1', 'page=2'])(
    'refuses ?%s',
    async (query) => {
      const user = await api.login();
      expect(await user.get(`/v1/orders?${query}`)).toMatchObject(problem(400, 'VALIDATION_FAILED'));
    },
  );

  it('ends a page before it holds more than 2,000 items, and loses none', async () => {
    const user = await api.login();
    const mine = (await order(user, 3)).reverse();
    // As an order under raised limits has them.
    for (const orderId of mine) {
      await database.query(
        `INSERT INTO order_item (order_id, sku_id, user_id, quantity, price, goods, promotion_discount, coupon_discount,
           payable, snapshot, item, item_version)
         SELECT order_id, 5000000000 + seq, user_id, quantity, price, goods, promotion_discount, coupon_discount, payable,
           snapshot, item, NULL FROM order_item JOIN (${numbers(999)}) numbers WHERE order_id = ?`,
        [orderId],
      );
    }
    const first = await list(user, '/v1/orders');
    expect(idsOf(first)).toEqual(mine.slice(0, 2));
    expect(idsOf(await list(user, `/v1/orders?cursor=${first.next}`))).toEqual(mine.slice(2));
  });
});

/** A table of the numbers from 1. */
function numbers(count: number): string {
  return Array.from({ length: count }, (_, index) => `SELECT ${index + 1}${index === 0 ? ' AS seq' : ''}`).join(
    ' UNION ALL ',
  );
}

describe('an operator', () => {
  it('lists the orders of all users, of one, of a status and of a time', async () => {
    const [one, two] = await Promise.all([api.login(), api.login()]);
    const [first] = (await order(one)) as [string];
    const [second] = (await order(two)) as [string];
    expect(idsOf(await list(admin, '/v1/admin/orders?limit=2'))).toEqual([second, first]);
    const page = await list(admin, `/v1/admin/orders?userId=${one.id}`);
    expect(page.orders).toMatchObject([{ orderId: first, userId: one.id }]);
    expect(await one.post(`/v1/orders/${first}/pay`)).toMatchObject({ status: 200 });
    expect(idsOf(await list(admin, `/v1/admin/orders?userId=${one.id}&status=pending`))).toEqual([]);
    expect(idsOf(await list(admin, `/v1/admin/orders?userId=${one.id}&status=paid`))).toEqual([first]);

    const { createdAt } = page.orders[0]!;
    const later = new Date(Date.parse(createdAt) + 1).toISOString();
    const of = (query: string) => list(admin, `/v1/admin/orders?userId=${one.id}&${query}`).then(idsOf);
    expect(await of(`from=${createdAt}`)).toEqual([first]);
    expect(await of(`from=${later}`)).toEqual([]);
    expect(await of(`to=${later}`)).toEqual([first]);
    expect(await of(`to=${createdAt}`)).toEqual([]);
    const backwards = await admin.get(`/v1/admin/orders?from=${later}&to=${createdAt}`);
    expect(backwards).toMatchObject(problem(400, 'VALIDATION_FAILED'));
  });

  it('sees any order, and cancels it: the items are back in the shopper’s cart', async () => {
    const user = await api.login();
    const [orderId] = (await order(user)) as [string];
    const shown = (await admin.get(`/v1/admin/orders/${orderId}`)).body;
    expect(shown).toEqual({ ...(await user.get(`/v1/orders/${orderId}`)).body, userId: user.id });
    const { status, body } = await admin.post(`/v1/admin/orders/${orderId}/cancel`);
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { orderId, userId: user.id, status: 'cancelled', restored: [{ quantity: 1, outcome: 'restored' }] },
    });
    expect(Object.values(await quantitiesOf(user))).toEqual([1]);
    expect((await admin.post(`/v1/admin/orders/${orderId}/cancel`)).body).toEqual(body);
    const [paid] = (await order(user)) as [string];
    await user.post(`/v1/orders/${paid}/pay`);
    expect(await admin.post(`/v1/admin/orders/${paid}/cancel`)).toMatchObject(problem(409, 'ORDER_PAID'));
    expect(await admin.get('/v1/admin/orders/999999999')).toMatchObject(problem(404, 'ORDER_NOT_FOUND'));
  });

  it('is the one who may: a shopper gets 403', async () => {
    const user = await api.login();
    expect(await user.get('/v1/admin/orders')).toMatchObject(problem(403, 'FORBIDDEN'));
    expect(await user.post('/v1/admin/orders/1/cancel')).toMatchObject(problem(403, 'FORBIDDEN'));
  });
});
