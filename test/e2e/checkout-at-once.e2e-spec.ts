import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
import { OwnDatabase } from '../support/own-database.js';
import { RedisServer } from '../support/redis-server.js';

/** How many check out one SKU at the same time. */
const CROWD = Number(process.env['CHECKOUTS'] ?? 100);
const AT_A_TIME = 50;
const CLEAR = ['CHECKOUT_REJECTED', 'CART_BUSY', 'CART_CHANGED', 'NOTHING_SELECTED', 'IDEMPOTENCY_IN_PROGRESS'];

describe.each(['redlock', 'noop'])('checkouts at once at two processes (LOCK=%s)', (lock) => {
  let own: OwnDatabase;
  let redis: RedisServer;
  let database: Database;
  let apps: AppProcess[];
  let apis: [Api, Api];

  beforeAll(async () => {
    own = await OwnDatabase.create();
    redis = await RedisServer.start();
    database = new Database(createDataSource(own.url));
    const settings = { DATABASE_URL: own.url, REDIS_URL: redis.url, TRANSPORT: 'in-process', LOCK: lock };
    apps = [await AppProcess.start(settings), await AppProcess.start(settings)];
    apis = apps.map(({ url }) => new Api(url)) as [Api, Api];
  });
  afterAll(async () => {
    await expectMoneyConserved(database);
    for (const app of apps) expect(await app.stop()).toBe(0);
    await database.onApplicationShutdown();
    await redis.stop();
    await own.drop();
  });

  /** At one process or the other, in turn. */
  const somewhere = (user: Shopper, i: number) => user.at(apis[i % 2]!);

  async function buyer(skuId: string, quantity = 1): Promise<Shopper> {
    const user = await apis[0].login();
    expect((await user.add(skuId, quantity)).status).toBe(201);
    return user;
  }

  /** A few at a time: it is their checkouts that are to come at once, not the logins before them. */
  async function crowdOf(size: number, skuId: string): Promise<Shopper[]> {
    const users: Shopper[] = [];
    while (users.length < size) {
      const few = Math.min(AT_A_TIME, size - users.length);
      users.push(...(await Promise.all(Array.from({ length: few }, () => buyer(skuId)))));
    }
    return users;
  }

  async function codesOf(answers: Promise<{ status: number; body: { code?: string } }>[]): Promise<string[]> {
    return (await Promise.all(answers)).map(({ status, body }) => (status === 201 ? 'ordered' : body.code!));
  }

  const ordersOf = (userId: string) => database.query('SELECT order_id FROM orders WHERE user_id = ?', [userId]);

  it('20 submits with one key are one order', async () => {
    const [skuId] = (await apis[0].skus({ stock: 100 })) as [string];
    const user = await buyer(skuId, 2);
    const key = freshKey();
    const codes = await codesOf(Array.from({ length: 20 }, (_, i) => checkout(somewhere(user, i), {}, key)));
    expect(codes.filter((code) => code === 'ordered').length).toBeGreaterThan(0);
    for (const code of codes) expect(['ordered', 'IDEMPOTENCY_IN_PROGRESS']).toContain(code);
    expect(await ordersOf(user.id)).toHaveLength(1);
    expect(await quantitiesOf(user)).toEqual({});
    expect(await expectStockConserved(database, skuId, 100)).toBe(2);
    expect((await checkout(user, {}, key)).headers.get('idempotent-replayed')).toBe('true');
  });

  it('20 keys of one user are one order of what the cart holds', async () => {
    const [skuId] = (await apis[0].skus({ stock: 1 })) as [string];
    const user = await buyer(skuId);
    const codes = await codesOf(Array.from({ length: 20 }, (_, i) => checkout(somewhere(user, i))));
    expect(codes.filter((code) => code === 'ordered')).toHaveLength(1);
    for (const code of codes) expect(['ordered', ...CLEAR]).toContain(code);
    expect(await quantitiesOf(user)).toEqual({});
    expect(await expectStockConserved(database, skuId, 1)).toBe(1);
  });

  it('the last unit is sold to one of 20 users, and the others hear that it is gone', async () => {
    const [skuId] = (await apis[0].skus({ stock: 1 })) as [string];
    const users = await crowdOf(20, skuId);
    const answers = await Promise.all(users.map((user, i) => insistOnCheckout(somewhere(user, i))));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const { status, body } of answers.filter((one) => one.status !== 201)) {
      expect({ status, body }).toMatchObject({
        status: 409,
        body: { code: 'CHECKOUT_REJECTED', errors: [{ code: 'OUT_OF_STOCK', skuId }] },
      });
    }
    expect(await expectStockConserved(database, skuId, 1)).toBe(1);
    const left = await Promise.all(users.map(quantitiesOf));
    expect(left.filter((cart) => cart[skuId] === 1)).toHaveLength(19);
  });

  it(`${CROWD} checkouts never take more than there is, some of them cancelled at once`, async () => {
    const stock = Math.floor(CROWD / 2);
    const [skuId] = (await apis[0].skus({ stock })) as [string];
    const users = await crowdOf(CROWD, skuId);
    const began = performance.now();
    const codes = await codesOf(
      users.map(async (user, i) => {
        const answer = await insistOnCheckout(somewhere(user, i));
        if (answer.status === 201 && i % 5 === 0) await user.post(`/v1/orders/${answer.body.orderId}/cancel`);
        return answer;
      }),
    );
    console.log(`${CROWD} checkouts of one SKU: ${Math.round(performance.now() - began)} ms`);
    for (const code of codes) expect(['ordered', 'CHECKOUT_REJECTED']).toContain(code);
    const sold = await expectStockConserved(database, skuId, stock);
    const standing = await database.query(
      `SELECT order_id FROM orders o JOIN order_item i USING (order_id)
      WHERE i.sku_id = ? AND o.status = 'pending'`,
      [skuId],
    );
    expect(standing).toHaveLength(sold);
    // Every unit is in an order, in stock, or in the cart of somebody who has no order.
    const carts = await Promise.all(users.map(quantitiesOf));
    expect(carts.filter((cart) => cart[skuId] === 1)).toHaveLength(CROWD - sold);
  });

  it('what is added during checkouts stays in the cart, and nothing is ordered twice', async () => {
    const [skuId] = (await apis[0].skus({ stock: 10_000 })) as [string];
    const user = await buyer(skuId);
    const adds = Array.from({ length: 15 }, (_, i) => somewhere(user, i).add(skuId));
    const submits = Array.from({ length: 15 }, (_, i) => checkout(somewhere(user, i)));
    const added = (await Promise.all(adds)).filter(({ status }) => status === 201).length;
    const codes = await codesOf(submits);
    for (const code of codes) expect(['ordered', ...CLEAR]).toContain(code);
    await eventually(async () => {
      const held = (await quantitiesOf(user))[skuId] ?? 0;
      expect(held + (await expectStockConserved(database, skuId, 10_000))).toBe(added + 1);
    });
    const admin = await apis[0].admin();
    await eventually(async () =>
      expect((await admin.get(`/v1/admin/carts/${user.id}/diff`)).body).toMatchObject({ inSync: true }),
    );
    await eventually(async () =>
      expect(
        await database.query("SELECT order_id FROM orders WHERE user_id = ? AND cart_state <> 'taken'", [user.id]),
      ).toEqual([]),
    );
  });
});
