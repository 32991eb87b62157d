import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '@app/database';
import { createDataSource } from '../../ormconfig.js';
import { Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { checkout, expectMoneyConserved, expectStockConserved, quantitiesOf } from '../support/checkout.js';
import { eventually } from '../support/eventually.js';
import { OwnDatabase } from '../support/own-database.js';
import { freshCode } from '../support/pricing.js';
import { RedisServer } from '../support/redis-server.js';

let own: OwnDatabase;
let redis: RedisServer;
let database: Database;
let settings: Record<string, string>;
let app: AppProcess;
let api: Api;
let admin: Shopper;

/** A shop of its own: promotions of the platform are for every cart there is. */
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
  await expectMoneyConserved(database);
  expect(await app.stop()).toBe(0);
  await database.onApplicationShutdown();
  await redis.stop();
  await own.drop();
});

/** A user with so many of a new SKU of a shop, 3.39 each. */
async function buyer(quantity: number, sku: { shopId?: string; stock?: number; price?: number } = {}) {
  const [skuId] = (await api.skus({ stock: 100, ...sku })) as [string];
  const user = await api.login();
  await user.add(skuId, quantity);
  return { user, skuId };
}

describe('an order of 0.00', () => {
  const convertedOf = async (orderId: string) =>
    (await database.query<{ body: string }>('SELECT body FROM shopper_event WHERE occasion = ?', [orderId])).map(
      ({ body }) => JSON.parse(body) as unknown,
    );

  it('A1: is paid by the transaction that makes it, which takes stock and cart and tells of it', async () => {
    const { user, skuId } = await buyer(2, { price: 0 });
    const { status, body } = await checkout(user, { expectedPayable: '0.00' });
    expect({ status, body }).toMatchObject({ status: 201, body: { status: 'paid', totals: { payable: '0.00' } } });
    expect(await quantitiesOf(user)).toEqual({});
    expect(await expectStockConserved(database, skuId, 100)).toBe(2);
    expect(await convertedOf(body.orderId)).toMatchObject([
      { type: 'cart.converted', userId: user.id, total: '0.00', quantity: 2, items: [{ skuId, quantity: 2 }] },
    ]);
    expect(await user.post(`/v1/orders/${body.orderId}/cancel`)).toMatchObject({ body: { code: 'ORDER_PAID' } });
    expect(await user.post(`/v1/orders/${body.orderId}/pay`)).toMatchObject({ status: 200, body: { status: 'paid' } });
    expect(await convertedOf(body.orderId)).toHaveLength(1);
    const [row] = await database.query<{ closed: number }>(
      'SELECT closed_at = created_at AS closed FROM orders WHERE order_id = ?',
      [body.orderId],
    );
    expect(Number(row!.closed)).toBe(1);
  });

  it.each([
    ['a coupon over all of it', { kind: 'percent', percentOff: '100' }],
    ['a coupon above it', { kind: 'fixed', amount: '500.00' }],
  ])('A1: by %s is paid too', async (_, terms) => {
    const { user, skuId } = await buyer(1);
    const coupon = { couponId: freshCode('c'), label: 'free', threshold: '0.00', scope: { skuIds: [skuId] }, ...terms };
    await admin.put('/v1/admin/coupons', [coupon]);
    await admin.post(`/v1/admin/coupons/${coupon.couponId}/grant`, { userId: user.id });
    const { body } = await checkout(user, { expectedPayable: '0.00', couponIds: 'best' });
    expect(body).toMatchObject({ status: 'paid', couponIds: [coupon.couponId] });
    expect(await convertedOf(body.orderId)).toHaveLength(1);
  });

  it('A1: by promotions alone is paid too', async () => {
    const { user, skuId } = await buyer(1);
    const scope = { skuIds: [skuId] };
    const terms = { promotionId: freshCode('p'), label: 'free', kind: 'fixed_price', price: '0.00', scope };
    expect((await admin.put('/v1/admin/promotions', [terms])).status).toBe(200);
    expect((await checkout(user, { expectedPayable: '0.00' })).body.status).toBe('paid');
  });
});

describe('an order nobody pays in time', () => {
  let hasty: AppProcess;
  let fast: Api;

  beforeAll(async () => {
    hasty = await AppProcess.start({ ...settings, ORDER_TTL_SECONDS: '1' });
    fast = new Api(hasty.url);
  });
  afterAll(() => hasty.stop());

  it('expires: stock and items are back, it is not paid any more, and cancelling it says what came back', async () => {
    const { user, skuId } = await buyer(2);
    const { orderId } = (await checkout(user.at(fast))).body;
    await eventually(async () => {
      expect((await user.get(`/v1/orders/${orderId}`)).body.status).toBe('expired');
      expect(await quantitiesOf(user)).toEqual({ [skuId]: 2 });
    });
    expect(await expectStockConserved(database, skuId, 100)).toBe(0);
    expect(await user.post(`/v1/orders/${orderId}/pay`)).toMatchObject({ status: 409, body: { code: 'ORDER_CLOSED' } });
    expect(await user.post(`/v1/orders/${orderId}/cancel`)).toMatchObject({
      status: 200,
      body: { status: 'expired', restored: [{ skuId, quantity: 2, outcome: 'restored' }] },
    });
    expect(await quantitiesOf(user)).toEqual({ [skuId]: 2 });
  });

  it('expires in the hand of who pays too late', async () => {
    const { user, skuId } = await buyer(2);
    const { orderId } = (await checkout(user)).body;
    await database.query('UPDATE orders SET expires_at = UTC_TIMESTAMP(3) WHERE order_id = ?', [orderId]);
    expect(await user.post(`/v1/orders/${orderId}/pay`)).toMatchObject({ status: 409, body: { code: 'ORDER_CLOSED' } });
    expect((await user.get(`/v1/orders/${orderId}`)).body.status).toBe('expired');
    await eventually(async () => expect(await quantitiesOf(user)).toEqual({ [skuId]: 2 }));
  });
});

describe('DEMO_PAY', () => {
  it('lets users pay their own orders, and nobody else’s', async () => {
    const { user } = await buyer(1);
    const { orderId } = (await checkout(user)).body;
    const other = await api.login();
    expect(await other.post(`/v1/orders/${orderId}/pay`)).toMatchObject({
      status: 404,
      body: { code: 'ORDER_NOT_FOUND' },
    });
    expect((await user.post(`/v1/orders/${orderId}/pay`)).body.status).toBe('paid');
    const events = await database.query(
      "SELECT type FROM shopper_event WHERE type = 'cart.converted' AND user_id = ?",
      [user.id],
    );
    expect(events).toHaveLength(1);
  });
});

describe('promotions and coupons', () => {
  const COUPON = { kind: 'fixed', threshold: '0.00', label: 'off', status: 'on' };

  it('a gift is taken out of stock with the order, left out when there is none, and comes back with it', async () => {
    const [gift] = (await api.skus({ stock: 1 })) as [string];
    const scope = { shopId: '41' };
    const promotion = { promotionId: 'gift-41', label: 'gift', kind: 'full_gift', scope, threshold: '5.00' };
    await admin.put('/v1/admin/promotions', [{ ...promotion, gift: { skuId: gift, quantity: 1 } }]);
    const first = await buyer(2, { shopId: '41' });
    const declined = await first.user.post('/v1/cart/checkout/preview', { declineGifts: ['gift-41'] });
    expect(declined.body.gifts).toEqual([]);
    const { body } = await checkout(first.user);
    expect(body.gifts).toEqual([{ promotionId: 'gift-41', skuId: gift, quantity: 1 }]);
    const stock = async () =>
      (await database.query<{ stock: number }>('SELECT stock FROM product_sku WHERE sku_id = ?', [gift]))[0]!.stock;
    expect(await stock()).toBe(0);
    const second = await buyer(2, { shopId: '41' });
    expect(await checkout(second.user)).toMatchObject({ status: 201, body: { gifts: [] } });
    await first.user.post(`/v1/orders/${body.orderId}/cancel`);
    expect(await stock()).toBe(1);
  });

  it('a coupon is used with the order, once, and can be used again when the order is cancelled', async () => {
    const { user, skuId } = await buyer(2, { shopId: '42' });
    const coupons = [
      { ...COUPON, couponId: 'shop-a', amount: '1.00', scope: { shopId: '42' } },
      { ...COUPON, couponId: 'shop-b', amount: '2.00', scope: { shopId: '42' } },
    ];
    await admin.put('/v1/admin/coupons', coupons);
    expect(await checkout(user, { couponIds: ['shop-a'] })).toMatchObject({
      status: 404,
      body: { code: 'COUPON_NOT_FOUND' },
    });
    for (const { couponId } of coupons) {
      await admin.post(`/v1/admin/coupons/${couponId}/grant`, { userId: user.id });
    }
    const both = await checkout(user, { couponIds: ['shop-a', 'shop-b'] });
    expect(both).toMatchObject({
      status: 409,
      body: { code: 'CHECKOUT_REJECTED', errors: [{ couponId: 'shop-a', reason: 'COUPON_CONFLICT' }] },
    });
    // What is in the way of ordering is a requirement; this is a choice nobody can make for the shopper.
    expect(await user.post('/v1/cart/checkout/preview', { couponIds: ['shop-a', 'shop-b'] })).toMatchObject({
      status: 409,
      body: both.body,
    });
    const preview = (await user.post('/v1/cart/checkout/preview', { couponIds: 'best' })).body;
    expect(preview).toMatchObject({ couponIds: ['shop-b'], totals: { couponDiscount: '2.00', payable: '4.78' } });
    const { body } = await checkout(user, { couponIds: ['shop-b'], expectedPayable: '4.78' });
    expect(body).toMatchObject({ couponIds: ['shop-b'], totals: preview.totals, items: preview.items });

    await user.add(skuId, 2);
    expect(await checkout(user, { couponIds: ['shop-b'] })).toMatchObject({
      status: 409,
      body: { code: 'CHECKOUT_REJECTED', errors: [{ couponId: 'shop-b', reason: 'USED' }] },
    });
    await user.post(`/v1/orders/${body.orderId}/cancel`);
    expect((await checkout(user, { couponIds: ['shop-b'] })).status).toBe(201);
  });

  it('coupons are named as the shopper named them, and can be left to the service', async () => {
    const { user, skuId } = await buyer(2, { shopId: '43' });
    const [other] = await api.skus({ shopId: '44' });
    await user.add(other!, 2);
    const ids = ['of-44', 'of-43', 'of-all'];
    const scopes = [{ shopId: '44' }, { shopId: '43' }, { skuIds: [other] }];
    const coupons = ids.map((couponId, i) => ({ ...COUPON, couponId, amount: `${i + 1}.00`, scope: scopes[i] }));
    await admin.put('/v1/admin/coupons', coupons);
    for (const couponId of ids) await admin.post(`/v1/admin/coupons/${couponId}/grant`, { userId: user.id });
    for (const couponIds of [ids.slice(0, 2), ids.slice(0, 2).reverse()]) {
      const preview = await user.post('/v1/cart/checkout/preview', { couponIds });
      expect(preview.body).toMatchObject({ couponIds, totals: { couponDiscount: '3.00' } });
    }
    const { body } = await checkout(user, { couponIds: 'best', expectedPayable: '8.56' });
    expect(body).toMatchObject({ couponIds: ['of-43', 'of-all'], totals: { couponDiscount: '5.00', payable: '8.56' } });
    // As the cart shows them.
    expect(body.items).toMatchObject([{ skuId: other }, { skuId }]);
    expect((await user.get(`/v1/orders/${body.orderId}`)).body).toEqual(body);
  });
});
