import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { checkout, freshKey } from '../support/checkout.js';
import { OwnDatabase } from '../support/own-database.js';
import { freshCode } from '../support/pricing.js';
import { RedisServer } from '../support/redis-server.js';

const PREVIEW = '/v1/cart/checkout/preview';

let own: OwnDatabase;
let redis: RedisServer;
let app: AppProcess;
let api: Api;
let admin: Shopper;

/** A shop of its own: promotions and coupons are about every cart. */
beforeAll(async () => {
  own = await OwnDatabase.create();
  redis = await RedisServer.start();
  app = await AppProcess.start({ DATABASE_URL: own.url, REDIS_URL: redis.url, TRANSPORT: 'in-process' });
  api = new Api(app.url);
  admin = await api.admin();
});
afterAll(async () => {
  expect(await app.stop()).toBe(0);
  await redis.stop();
  await own.drop();
});

const preview = async (user: Shopper, body: object = {}) => (await user.post(PREVIEW, body)).body;
const patch = (skuId: string, fields: object) => admin.patch(`/v1/admin/skus/${skuId}`, fields);
const stockOf = async (skuId: string) => (await api.call('GET', `/v1/skus/${skuId}`)).body.stock.available;

/** A user with one each of new SKUs, 100.00 each. */
async function shopperWith(count = 2): Promise<{ user: Shopper; skuIds: string[] }> {
  const skuIds = await api.skus(...Array.from({ length: count }, () => ({ price: 10_000, stock: 10 })));
  const user = await api.login();
  for (const skuId of skuIds) await user.add(skuId);
  return { user, skuIds };
}

/** From 100.00 on two of a gift there are five of, for these SKUs. */
async function giftFor(skuIds: string[]) {
  const [skuId] = (await api.skus({ stock: 5 })) as [string];
  const promotion = {
    ...{ promotionId: freshCode('g'), label: 'gift', kind: 'full_gift', threshold: '100.00', scope: { skuIds } },
    gift: { skuId, quantity: 2 },
  };
  const put = (more = {}) => admin.put('/v1/admin/promotions', [{ ...promotion, ...more }]);
  expect((await put()).status).toBe(200);
  return { skuId, promotionId: promotion.promotionId, put };
}

/** 5.00 off these SKUs, granted to the user. */
async function couponFor(user: Shopper, skuIds: string[]) {
  const coupon = { couponId: freshCode('c'), label: 'five off', kind: 'fixed', amount: '5.00', threshold: '0.00' };
  const put = (more = {}) => admin.put('/v1/admin/coupons', [{ ...coupon, scope: { skuIds }, ...more }]);
  expect((await put()).status).toBe(200);
  await admin.post(`/v1/admin/coupons/${coupon.couponId}/grant`, { userId: user.id });
  return { couponId: coupon.couponId, put };
}

describe('a quote', () => {
  it('A6: is the same until the content differs, and orders what was seen', async () => {
    const { user, skuIds } = await shopperWith();
    const [a] = skuIds as [string];
    const { couponId } = await couponFor(user, [a]);
    const { quote } = await preview(user);
    expect(quote).toMatch(/^[\w-]{44}$/);
    expect((await preview(user)).quote).toBe(quote);
    expect((await preview(user, { couponIds: [couponId] })).quote).not.toBe(quote);
    expect((await preview(user, { couponIds: [couponId] })).quote).toBe(
      (await preview(user, { couponIds: 'best' })).quote,
    );
    await patch(a, { price: '99.00' });
    expect((await preview(user)).quote).toBe(quote);
    await user.patch(`/v1/cart/items/${a}`, { quantity: 2 });
    expect((await preview(user)).quote).not.toBe(quote);
    await user.patch(`/v1/cart/items/${a}`, { quantity: 1 });
    expect((await checkout(user, { quote })).status).toBe(201);
  });

  it.each<[string, (gift: Awaited<ReturnType<typeof giftFor>>) => Promise<unknown>, number]>([
    ['fewer units of a gift', ({ skuId }) => patch(skuId, { stock: 1 }), 1],
    ['a gift that is gone', ({ skuId }) => patch(skuId, { stock: 0 }), 0],
    ['a gift off the shelf', ({ skuId }) => patch(skuId, { status: 'off' }), 0],
    ['a promotion that was switched off', ({ put }) => put({ status: 'off' }), 0],
    ['a promotion that has ended', ({ put }) => put({ endsAt: new Date(Date.now() - 1_000).toISOString() }), 0],
    ['another quantity of the gift', ({ put, skuId }) => put({ gift: { skuId, quantity: 3 } }), 3],
  ])('A6: is refused for %s, with cart and preview as they are', async (_, change, given) => {
    const { user, skuIds } = await shopperWith();
    const gift = await giftFor(skuIds);
    const { quote, gifts } = await preview(user);
    expect(gifts).toMatchObject([{ skuId: gift.skuId, quantity: 2 }]);
    await change(gift);
    const key = freshKey();
    const refused = await checkout(user, { quote }, key);
    expect(refused).toMatchObject({ status: 409, body: { code: 'CART_CHANGED', cart: { items: [{}, {}] } } });
    expect(refused.body.preview).toEqual(await preview(user));
    expect(refused.body.preview.gifts).toMatchObject(given === 0 ? [] : [{ quantity: given }]);
    expect(await stockOf(skuIds[0]!)).toBe(10);
    const again = await checkout(user, { quote }, key);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.body.preview).toEqual(refused.body.preview);
    expect(await checkout(user, { quote: refused.body.preview.quote })).toMatchObject({
      status: 201,
      body: { gifts: refused.body.preview.gifts },
    });
  });

  it('A6: is refused for a gift that the shopper declines after all, and for another choice of coupons', async () => {
    const { user, skuIds } = await shopperWith();
    const { promotionId } = await giftFor(skuIds);
    const { couponId } = await couponFor(user, skuIds);
    const { quote } = await preview(user, { couponIds: [couponId] });
    const asked = [{ couponIds: [couponId], declineGifts: [promotionId] }, {}];
    for (const body of asked) {
      const refused = await checkout(user, { ...body, quote });
      expect(refused).toMatchObject({ status: 409, body: { code: 'CART_CHANGED' } });
      expect(refused.body.preview).toEqual(await preview(user, body));
    }
    expect((await checkout(user, { couponIds: 'best', quote })).status).toBe(201);
  });

  it('A6: tells a coupon that has expired by how it was chosen: named it is in the way, the best are others', async () => {
    const { user, skuIds } = await shopperWith();
    const { couponId, put } = await couponFor(user, skuIds);
    const { quote } = await preview(user, { couponIds: [couponId] });
    await put({ endsAt: new Date(Date.now() - 1_000).toISOString() });
    expect(await checkout(user, { couponIds: [couponId], quote })).toMatchObject({
      status: 409,
      body: { code: 'CHECKOUT_REJECTED', errors: [{ couponId, reason: 'EXPIRED' }] },
    });
    expect(await checkout(user, { couponIds: 'best', quote })).toMatchObject({
      status: 409,
      body: { code: 'CART_CHANGED', preview: { couponIds: [] } },
    });
  });

  it('A6: comes before the price, and a refusal for the items before it', async () => {
    const { user, skuIds } = await shopperWith();
    const gift = await giftFor(skuIds);
    const { quote, totals } = await preview(user);
    await patch(skuIds[0]!, { price: '120.00' });
    const body = { quote, expectedPayable: totals.payable };
    expect((await checkout(user, body)).body.code).toBe('PRICE_CHANGED');
    await gift.put({ status: 'off' });
    expect((await checkout(user, body)).body.code).toBe('CART_CHANGED');
    await patch(skuIds[0]!, { purchaseLimit: 1, stock: 10 });
    await user.patch(`/v1/cart/items/${skuIds[0]}`, { quantity: 1 });
    await patch(skuIds[0]!, { stock: 0 });
    expect((await checkout(user, body)).body).toMatchObject({ code: 'CHECKOUT_REJECTED' });
  });

  it('A9: names what is left out, and is refused when a selected item sells out after it', async () => {
    const { user, skuIds } = await shopperWith(3);
    const [out, off, fine] = skuIds as [string, string, string];
    const before = await preview(user);
    expect(before.leftOut).toEqual([]);
    await patch(out, { stock: 0 });
    await patch(off, { status: 'off' });
    const refused = await checkout(user, { quote: before.quote });
    expect({ status: refused.status, code: refused.body.code }).toEqual({ status: 409, code: 'CHECKOUT_REJECTED' });
    expect(refused.body.errors).toHaveLength(2);
    expect(refused.body.errors).toContainEqual({ code: 'OUT_OF_STOCK', skuId: out, available: 0 });
    expect(refused.body.errors).toContainEqual({ code: 'SKU_OFF_SHELF', skuId: off });
    const after = await preview(user);
    expect(after).toMatchObject({ items: [{ skuId: fine }], requirements: [] });
    expect(after.leftOut).toHaveLength(2);
    expect(after.leftOut).toContainEqual({ skuId: out, reason: 'OUT_OF_STOCK' });
    expect(after.leftOut).toContainEqual({ skuId: off, reason: 'OFF_SHELF' });
    // What was left out before may stay so; when it can be bought again, the content is another one.
    await patch(out, { stock: 5 });
    expect(await checkout(user, { quote: after.quote })).toMatchObject({
      status: 409,
      body: { code: 'CART_CHANGED', preview: { items: [{}, {}], leftOut: [{ skuId: off }] } },
    });
    await patch(out, { stock: 0 });
    expect(await checkout(user, { quote: after.quote })).toMatchObject({ status: 201, body: { items: [{}] } });
  });

  it('A9: is refused for a cart that the shopper has changed, or emptied, elsewhere', async () => {
    const { user, skuIds } = await shopperWith();
    const { quote } = await preview(user);
    await user.patch(`/v1/cart/items/${skuIds[0]}`, { quantity: 3 });
    expect(await checkout(user, { quote })).toMatchObject({
      status: 409,
      body: { code: 'CART_CHANGED', cart: { items: [{}, {}] }, preview: { items: [{}, { quantity: 3 }] } },
    });
    const key = freshKey();
    await user.delete('/v1/cart');
    expect(await checkout(user, { quote }, key)).toMatchObject({
      status: 409,
      body: { code: 'CART_CHANGED', cart: { items: [] }, preview: { items: [] } },
    });
    await user.add(skuIds[1]!);
    expect(await checkout(user, { quote }, key)).toMatchObject({
      status: 409,
      body: { code: 'CART_CHANGED', cart: { items: [{}] }, preview: { items: [{ skuId: skuIds[1] }] } },
    });
    const empty = await preview(await api.login());
    expect(await checkout(await api.login(), { quote: empty.quote })).toMatchObject({
      status: 409,
      body: { code: 'NOTHING_SELECTED' },
    });
  });

  it('A6: is a text; one that is of nothing is refused as another cart, and a cart changed by `items` shows the preview', async () => {
    const { user, skuIds } = await shopperWith(1);
    for (const quote of [7, '', 'a b', {}]) expect((await checkout(user, { quote })).status).toBe(400);
    expect((await checkout(user, { quote: 'x' })).body.code).toBe('CART_CHANGED');
    const { body } = await checkout(user, { items: [{ skuId: skuIds[0], quantity: 2 }] });
    expect(body).toMatchObject({ code: 'CART_CHANGED', preview: { items: [{ skuId: skuIds[0], quantity: 1 }] } });
  });
});

describe('a preview', () => {
  it('B4: ignores an Idempotency-Key, and leaves nothing in Redis', async () => {
    const { user, skuIds } = await shopperWith(1);
    const keyed = (key: string, body = {}) => user.post(PREVIEW, body, { 'idempotency-key': key });
    const client = await createClient({ url: redis.url }).connect();
    const keys = async () => (await client.keys('*')).filter((name) => /idem/.test(name));
    const before = await keys();
    const first = await keyed('one');
    expect((await keyed('one', { couponIds: 'best' })).status).toBe(200);
    await user.patch(`/v1/cart/items/${skuIds[0]}`, { quantity: 2 });
    const again = await keyed('one');
    expect(again.headers.get('idempotent-replayed')).toBeNull();
    expect([first.body.totals.quantity, again.body.totals.quantity]).toEqual([1, 2]);
    expect(await keys()).toEqual(before);
    client.destroy();
  });
});
