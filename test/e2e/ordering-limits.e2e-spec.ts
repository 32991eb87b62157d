import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '@app/database';
import { createDataSource } from '../../ormconfig.js';
import { Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { checkout, expectStockConserved, freshKey, insistOnCheckout, quantitiesOf } from '../support/checkout.js';
import { eventually } from '../support/eventually.js';
import { OwnDatabase } from '../support/own-database.js';
import { RedisServer } from '../support/redis-server.js';

const LIMITS = '/v1/admin/limits';

let own: OwnDatabase;
let redis: RedisServer;
let database: Database;
let settings: Record<string, string>;
let app: AppProcess;
let api: Api;
let admin: Shopper;

/** A shop of its own: the limits are those of every cart. */
beforeAll(async () => {
  own = await OwnDatabase.create();
  redis = await RedisServer.start();
  database = new Database(createDataSource(own.url));
  settings = { DATABASE_URL: own.url, REDIS_URL: redis.url, TRANSPORT: 'in-process', DEMO_PAY: 'true' };
  app = await AppProcess.start(settings);
  api = new Api(app.url);
  admin = await api.admin();
});
afterAll(async () => {
  expect(await app.stop()).toBe(0);
  await database.onApplicationShutdown();
  await redis.stop();
  await own.drop();
});

const preview = async (user: Shopper) => (await user.post('/v1/cart/checkout/preview', {})).body;

/** One SKU of which a shopper may buy so many. */
async function limited(purchaseLimit: number | null, more = {}): Promise<string> {
  const [skuId] = (await api.skus({ stock: 100, purchaseLimit, ...more })) as [string];
  return skuId;
}

describe('the purchase limit', () => {
  it('A11: counts what the shopper has in unpaid orders, when ordering alone, until they are closed or paid', async () => {
    const skuId = await limited(2);
    const [user, other] = [await api.login(), await api.login()];
    await user.add(skuId, 2);
    const { orderId } = (await checkout(user)).body;
    // An add is not about orders.
    expect((await user.add(skuId, 2)).status).toBe(201);
    const fault = { code: 'QUANTITY_LIMIT', skuId, maximum: 2, requested: 4 };
    expect((await preview(user)).requirements).toEqual([fault]);
    expect(await checkout(user)).toMatchObject({ status: 409, body: { code: 'CHECKOUT_REJECTED', errors: [fault] } });
    await other.add(skuId, 2);
    expect((await checkout(other)).status).toBe(201);
    expect((await user.post(`/v1/orders/${orderId}/pay`)).status).toBe(200);
    expect((await preview(user)).requirements).toEqual([]);
    expect((await checkout(user)).status).toBe(201);
    expect(await expectStockConserved(database, skuId, 100)).toBe(6);
  });

  it('A11: lets no two orders at once hold more than that', async () => {
    const skuId = await limited(2);
    const user = await api.login();
    await user.add(skuId, 2);
    const first = checkout(user);
    const answers = await Promise.all([first, ...Array.from({ length: 4 }, () => checkout(user))]);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    await user.add(skuId, 1);
    expect((await insistOnCheckout(user)).body.code).toBe('CHECKOUT_REJECTED');
    expect(await expectStockConserved(database, skuId, 100)).toBe(2);
  });
});

describe('unpaid orders', () => {
  /** A user with so many orders that are not paid. */
  async function waiting(count: number) {
    const user = await api.login();
    const orderIds: string[] = [];
    for (let i = 0; i < count; i++) {
      await user.add(await limited(null));
      orderIds.push((await checkout(user)).body.orderId as string);
    }
    return { user, orderIds };
  }

  it('A11: are five at most; the next is refused, is not kept for its key, and goes through when one is paid', async () => {
    const { user, orderIds } = await waiting(5);
    await user.add(await limited(null));
    const fault = { code: 'TOO_MANY_ORDERS', maximum: 5 };
    const shown = await preview(user);
    expect(shown.requirements).toEqual([fault]);
    const key = freshKey();
    for (let i = 0; i < 2; i++) {
      const refused = await checkout(user, { quote: shown.quote }, key);
      expect(refused).toMatchObject({ status: 409, body: { code: 'TOO_MANY_ORDERS', errors: [fault] } });
      expect(refused.headers.get('idempotent-replayed')).toBeNull();
    }
    await user.post(`/v1/orders/${orderIds[0]}/pay`);
    expect((await checkout(user, { quote: shown.quote }, key)).status).toBe(201);
    expect((await preview(user)).requirements).toMatchObject([{ code: 'NOTHING_SELECTED' }]);
  });

  it('A11: do not count an order of 0.00', async () => {
    const { user } = await waiting(5);
    const skuId = await limited(null, { price: 0 });
    await user.add(skuId);
    expect((await preview(user)).requirements).toEqual([]);
    expect((await checkout(user)).body.status).toBe('paid');
    await user.add(await limited(null));
    expect((await checkout(user)).body.code).toBe('TOO_MANY_ORDERS');
  });
});

describe('what comes back', () => {
  const raise = (limits = { maxSkus: 200, maxQuantityPerSku: 500 }) => admin.put(LIMITS, limits);
  const lower = () => admin.delete(LIMITS);

  it('A8: comes back whole over the limits of the cart, can be ordered from, and only raising is refused', async () => {
    const skuIds = await api.skus(...Array.from({ length: 125 }, () => ({ stock: 1_000 })));
    const [many, another] = [skuIds[0]!, await limited(null)];
    const user = await api.login();
    await raise();
    for (const some of [skuIds.slice(0, 60), skuIds.slice(60)]) {
      const items = some.map((skuId) => ({ skuId, quantity: skuId === many ? 150 : 1 }));
      expect((await user.post('/v1/cart/items/batch', { items })).status).toBe(200);
    }
    const { orderId } = (await checkout(user)).body;
    await lower();
    const { restored } = (await user.post(`/v1/orders/${orderId}/cancel`)).body;
    expect(restored).toHaveLength(125);
    expect(new Set((restored as { outcome: string }[]).map(({ outcome }) => outcome))).toEqual(new Set(['restored']));
    const cart = await user.cart();
    expect(cart.warnings).toEqual([{ code: 'CART_FULL', target: {}, data: { maximum: 120 } }]);
    expect(cart.items.find(({ skuId }) => skuId === many)).toMatchObject({
      quantity: 150,
      valid: true,
      problems: [{ code: 'QUANTITY_LIMIT', maximum: 99, requested: 150 }],
    });
    const item = `/v1/cart/items/${many}`;
    expect((await user.add(another)).body.code).toBe('CART_FULL');
    expect((await user.patch(item, { delta: 1 })).body.code).toBe('QUANTITY_LIMIT');
    expect((await user.patch(item, { delta: -1 })).status).toBe(200);
    expect((await user.patch(item, { selected: false })).status).toBe(200);
    expect((await user.patch(item, { selected: true })).status).toBe(200);
    expect((await user.add(skuIds[1]!)).status).toBe(201);
    expect((await preview(user)).requirements).toEqual([]);
    expect(await checkout(user)).toMatchObject({ status: 201, body: { totals: { skus: 125, quantity: 149 + 125 } } });
    expect(await quantitiesOf(user)).toEqual({});
  });

  it('A8: comes back whole from an order that expires too', async () => {
    const hasty = await AppProcess.start({ ...settings, ORDER_TTL_SECONDS: '1' });
    try {
      const skuId = await limited(null, { stock: 1_000 });
      const user = await api.login();
      await user.add(skuId, 90);
      expect((await checkout(user.at(new Api(hasty.url)))).status).toBe(201);
      await user.add(skuId, 90);
      await eventually(async () => expect(await quantitiesOf(user)).toEqual({ [skuId]: 180 }));
      expect((await user.cart()).items).toMatchObject([{ problems: [{ code: 'QUANTITY_LIMIT', requested: 180 }] }]);
    } finally {
      await hasty.stop();
    }
  });

  it('A8: is held by the purchase limit when it is ordered, as every item', async () => {
    const skuId = await limited(2);
    const user = await api.login();
    await user.add(skuId, 2);
    const { orderId } = (await checkout(user)).body;
    await user.add(skuId, 2);
    await user.post(`/v1/orders/${orderId}/cancel`);
    expect(await quantitiesOf(user)).toEqual({ [skuId]: 4 });
    expect((await preview(user)).requirements).toEqual([{ code: 'QUANTITY_LIMIT', skuId, maximum: 2, requested: 4 }]);
    await user.patch(`/v1/cart/items/${skuId}`, { quantity: 2 });
    expect((await checkout(user)).status).toBe(201);
  });
});
