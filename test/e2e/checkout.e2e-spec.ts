import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OrderDto } from '../../libs/checkout/src/dto/order.dto.js';
import { Answer, Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';

let app: AppProcess;
let api: Api;
let admin: Shopper;

beforeAll(async () => {
  app = await AppProcess.start();
  api = new Api(app.url);
  admin = await api.admin();
});
afterAll(async () => {
  expect(await app.stop()).toBe(0);
});

let keys = 0;
const freshKey = () => `key-${Date.now()}-${++keys}`;
const withKey = (key: string) => ({ 'idempotency-key': key });

function checkout(user: Shopper, body: object, key = freshKey(), headers: Record<string, string> = {}) {
  return user.post('/v1/cart/checkout', body, { ...withKey(key), ...headers });
}

/** A user with so many of new SKUs, 3.39 each. */
async function shopperWith(...quantities: number[]): Promise<{ user: Shopper; skuIds: string[] }> {
  const skuIds = await api.skus(...quantities.map(() => ({ stock: 100 })));
  const user = await api.login();
  for (const [i, skuId] of skuIds.entries()) await user.add(skuId, quantities[i]);
  return { user, skuIds };
}

async function stockOf(skuId: string): Promise<number> {
  return (await api.call('GET', `/v1/skus/${skuId}`)).body.stock.available;
}

const quantitiesOf = async (user: Shopper) =>
  Object.fromEntries((await user.cart()).items.map(({ skuId, quantity }) => [skuId, quantity]));

async function expectInSync(user: Shopper): Promise<void> {
  await eventually(async () =>
    expect((await admin.get(`/v1/admin/carts/${user.id}/diff`)).body).toMatchObject({ inSync: true }),
  );
}

describe('checkout', () => {
  it('orders the selected items, takes their stock, and leaves the rest in the cart', async () => {
    const { user, skuIds } = await shopperWith(2, 3, 1);
    const [a, b, c] = skuIds as [string, string, string];
    await user.put('/v1/cart/selection', { scope: 'items', skuIds: [c], selected: false });
    const seen = [
      { skuId: b, quantity: 3 },
      { skuId: a, quantity: 2 },
    ];
    const { status, headers, body } = await checkout(user, { expectedPayable: '16.95', items: seen });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      orderId: expect.stringMatching(/^\d+$/),
      status: 'pending',
      totals: {
        skus: 2,
        quantity: 5,
        goods: '16.95',
        promotionDiscount: '0.00',
        couponDiscount: '0.00',
        payable: '16.95',
        gifts: [],
      },
      gifts: [],
      couponIds: [],
    });
    expect(
      (body.items as OrderDto['items']).map(({ skuId, quantity, price, payable }) => ({
        skuId,
        quantity,
        price,
        payable,
      })),
    ).toEqual([
      { skuId: b, quantity: 3, price: '3.39', payable: '10.17' },
      { skuId: a, quantity: 2, price: '3.39', payable: '6.78' },
    ]);
    expect(Date.parse(body.expiresAt) - Date.parse(body.createdAt)).toBe(1_800_000);
    expect(await quantitiesOf(user)).toEqual({ [c]: 1 });
    expect([await stockOf(a), await stockOf(b), await stockOf(c)]).toEqual([98, 97, 100]);
    expect((await user.post('/v1/cart/undo')).body.code).toBe('NOTHING_TO_UNDO');
    expect((await user.get(headers.get('location')!)).body).toEqual(body);
    await expectInSync(user);
    const { entries } = (await admin.get(`/v1/admin/change-log?userId=${user.id}`)).body;
    const bought = (entries as { source: string }[]).filter((entry) => entry.source === 'order');
    expect(bought).toHaveLength(2);
  });

  it('asks for a key, and a body it understands', async () => {
    const { user } = await shopperWith(1);
    expect(await user.post('/v1/cart/checkout', { expectedPayable: '3.39' })).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED', errors: [{ field: 'Idempotency-Key' }] },
    });
    for (const body of [{}, { expectedPayable: 3.39 }, { expectedPayable: '3.39', couponIds: 'all' }]) {
      expect(await checkout(user, body)).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    }
    const guest = await api.guest();
    expect(await checkout(guest, { expectedPayable: '3.39' })).toMatchObject({
      status: 401,
      body: { code: 'UNAUTHENTICATED' },
    });
  });

  it('repeats the order for the same key, and refuses the key for another body', async () => {
    const { user, skuIds } = await shopperWith(2);
    const key = freshKey();
    const first = await checkout(user, { expectedPayable: '6.78' }, key);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    const again = await checkout(user, { expectedPayable: '6.78' }, key);
    expect(again).toMatchObject({ status: 201, body: first.body });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.headers.get('location')).toBe(`/v1/orders/${first.body.orderId}`);
    expect(await checkout(user, { expectedPayable: '6.79' }, key)).toMatchObject({
      status: 422,
      body: { code: 'IDEMPOTENCY_KEY_REUSED' },
    });
    expect(await stockOf(skuIds[0]!)).toBe(98);
  });

  it('repeats a refusal beside the cart as it is now; a cart that changes is ordered under another key', async () => {
    const user = await api.login();
    const key = freshKey();
    expect(await checkout(user, { expectedPayable: '9.00' }, key)).toMatchObject({
      status: 409,
      body: { code: 'NOTHING_SELECTED' },
    });
    const [skuId] = (await api.skus({})) as [string];
    await user.add(skuId);
    const again = await checkout(user, { expectedPayable: '9.00' }, key);
    expect(again).toMatchObject({ status: 409, body: { code: 'NOTHING_SELECTED', cart: { items: [{ skuId }] } } });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect((await checkout(user, { expectedPayable: '9.00' })).status).toBe(201);
  });

  it('refuses a stale If-Match, and keeps no record of that', async () => {
    const { user } = await shopperWith(1);
    const key = freshKey();
    const stale = await checkout(user, { expectedPayable: '3.39' }, key, { 'if-match': '"1"' });
    expect(stale).toMatchObject({ status: 412, body: { code: 'VERSION_MISMATCH', cart: { items: [{}] } } });
    const etag = (await user.get('/v1/cart')).headers.get('etag')!;
    expect((await checkout(user, { expectedPayable: '3.39' }, key, { 'if-match': etag })).status).toBe(201);
  });

  it.each([
    ['another quantity', (skuId: string) => [{ skuId, quantity: 1 }]],
    ['another SKU', () => [{ skuId: '1', quantity: 2 }]],
    ['less than is selected', () => []],
    ['one twice', (skuId: string) => [0, 1].map(() => ({ skuId, quantity: 2 }))],
  ])('refuses a cart that is not what the shopper saw: %s', async (_, saw) => {
    const { user, skuIds } = await shopperWith(2);
    const { status, body } = await checkout(user, { expectedPayable: '9.00', items: saw(skuIds[0]!) });
    expect({ status, body }).toMatchObject({ status: 409, body: { code: 'CART_CHANGED', cart: { items: [{}] } } });
    expect(await stockOf(skuIds[0]!)).toBe(100);
  });

  it('a cart that is what the shopper saw has not changed when the shop has: each item in the way is named', async () => {
    const { user, skuIds } = await shopperWith(1, 2, 3, 1);
    const [off, out, few, fine] = skuIds as [string, string, string, string];
    const items = (await user.cart()).items.map(({ skuId, quantity }) => ({ skuId, quantity }));
    await admin.patch(`/v1/admin/skus/${off}`, { status: 'off' });
    await admin.patch(`/v1/admin/skus/${out}`, { stock: 0 });
    await admin.patch(`/v1/admin/skus/${few}`, { stock: 1 });
    const { status, body } = await checkout(user, { expectedPayable: '99.00', items });
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'CHECKOUT_REJECTED' });
    expect(body.errors).toHaveLength(3);
    expect(body.errors).toContainEqual({ code: 'SKU_OFF_SHELF', skuId: off });
    expect(body.errors).toContainEqual({ code: 'OUT_OF_STOCK', skuId: out, available: 0 });
    expect(body.errors).toContainEqual({ code: 'INSUFFICIENT_STOCK', skuId: few, available: 1, requested: 3 });
    await user.patch(`/v1/cart/items/${off}`, { selected: false });
    expect((await checkout(user, { expectedPayable: '99.00', items })).body.code).toBe('CART_CHANGED');
    // Who does not insist on what cannot be bought orders the rest.
    await admin.patch(`/v1/admin/skus/${few}`, { stock: 3 });
    const rest = items.filter(({ skuId }) => [few, fine].includes(skuId));
    expect((await checkout(user, { expectedPayable: '99.00', items: rest })).status).toBe(201);
  });

  it('a price that rose is refused with both amounts, one that fell is ordered', async () => {
    const { user, skuIds } = await shopperWith(2);
    const before = await user.cart();
    await admin.patch(`/v1/admin/skus/${skuIds[0]}`, { price: '3.40' });
    expect(await checkout(user, { expectedPayable: '6.78' })).toMatchObject({
      status: 409,
      body: { code: 'PRICE_CHANGED', errors: [{ expectedPayable: '6.78', payable: '6.80' }] },
    });
    expect((await user.cart()).version).toBe(before.version);
    await admin.patch(`/v1/admin/skus/${skuIds[0]}`, { price: '1.00' });
    expect(await checkout(user, { expectedPayable: '6.78' })).toMatchObject({
      status: 201,
      body: { totals: { payable: '2.00' } },
    });
  });

  it('orders the dearest cart there can be', async () => {
    const skuIds = await api.skus(...Array.from({ length: 120 }, () => ({ price: 9_999_999_999, stock: 99 })));
    const user = await api.login();
    for (const some of [skuIds.slice(0, 60), skuIds.slice(60)]) {
      const items = some.map((skuId) => ({ skuId, quantity: 99 }));
      expect((await user.post('/v1/cart/items/batch', { items })).status).toBe(200);
    }
    const { payable } = (await user.cart()).totals;
    expect(payable).toBe('1187999999881.20');
    const { status, body } = await checkout(user, { expectedPayable: payable });
    expect({ status, body }).toMatchObject({ status: 201, body: { totals: { goods: payable, payable } } });
    expect((await user.get(`/v1/orders/${body.orderId}`)).body).toEqual(body);
  });

  it('names every item that is in the way, as the preview does; the cart stays as it is', async () => {
    const { user, skuIds } = await shopperWith(3, 3, 3);
    const [few, limited, fine] = skuIds as [string, string, string];
    await admin.patch(`/v1/admin/skus/${few}`, { stock: 2 });
    await admin.patch(`/v1/admin/skus/${limited}`, { purchaseLimit: 1 });
    const before = await user.cart();
    const { status, body } = await checkout(user, { expectedPayable: '99.00' });
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'CHECKOUT_REJECTED' });
    expect(body.errors).toHaveLength(2);
    expect(body.errors).toContainEqual({ code: 'INSUFFICIENT_STOCK', skuId: few, available: 2, requested: 3 });
    expect(body.errors).toContainEqual({ code: 'QUANTITY_LIMIT', skuId: limited, maximum: 1, requested: 3 });
    expect((await user.post('/v1/cart/checkout/preview', {})).body.requirements).toEqual(body.errors);
    expect((await user.cart()).version).toBe(before.version);
    expect(await stockOf(fine)).toBe(100);
  });

  it('says why when nothing of what was selected can be bought', async () => {
    const { user, skuIds } = await shopperWith(1);
    await admin.patch(`/v1/admin/skus/${skuIds[0]}`, { stock: 0 });
    expect(await checkout(user, { expectedPayable: '3.39' })).toMatchObject({
      status: 409,
      body: { code: 'CHECKOUT_REJECTED', errors: [{ code: 'OUT_OF_STOCK', skuId: skuIds[0], available: 0 }] },
    });
  });
});

describe('preview', () => {
  it('shows totals and shares, of a guest too, and what is in the way', async () => {
    const [skuId] = (await api.skus({ stock: 5 })) as [string];
    const guest = await api.guest();
    const empty = await guest.post('/v1/cart/checkout/preview');
    expect(empty).toMatchObject({ status: 200, body: { items: [], requirements: [{ code: 'NOTHING_SELECTED' }] } });
    await guest.add(skuId, 2);
    expect(await guest.post('/v1/cart/checkout/preview', { couponIds: 'best' })).toMatchObject({
      status: 200,
      body: {
        totals: { skus: 1, quantity: 2, goods: '6.78', payable: '6.78' },
        items: [{ skuId, quantity: 2, goods: '6.78', promotionDiscount: '0.00', payable: '6.78' }],
        gifts: [],
        couponIds: [],
        requirements: [],
      },
    });
    expect(await guest.post('/v1/cart/checkout/preview', { couponIds: ['c1'] })).toMatchObject({
      status: 404,
      body: { code: 'COUPON_NOT_FOUND' },
    });
    expect(await stockOf(skuId)).toBe(5);
  });
});

describe('an order', () => {
  it('is shown and cancelled by its owner alone', async () => {
    const { user } = await shopperWith(1);
    const { orderId } = (await checkout(user, { expectedPayable: '3.39' })).body;
    const other = await api.login();
    const asked = [await other.get(`/v1/orders/${orderId}`), await other.post(`/v1/orders/${orderId}/cancel`)];
    for (const answer of asked) expect(answer).toMatchObject({ status: 404, body: { code: 'ORDER_NOT_FOUND' } });
    expect((await user.post(`/v1/orders/${orderId}/pay`)).status).toBe(403);
  });

  it('that is cancelled gives stock and items back, once, however often it is cancelled', async () => {
    const { user, skuIds } = await shopperWith(2, 3);
    const before = await user.cart();
    const { orderId } = (await checkout(user, { expectedPayable: '16.95' })).body;
    await user.add(skuIds[0]!, 1);
    const cancel = () => user.post(`/v1/orders/${orderId}/cancel`);
    const answers: Answer[] = [await cancel(), await cancel(), ...(await Promise.all([cancel(), cancel()]))];
    for (const { status, body } of answers) {
      expect({ status, body }).toMatchObject({ status: 200, body: { orderId, status: 'cancelled' } });
      expect(body.restored).toHaveLength(2);
      expect(body.restored).toContainEqual({ skuId: skuIds[0], quantity: 2, outcome: 'restored' });
      expect(body.restored).toContainEqual({ skuId: skuIds[1], quantity: 3, outcome: 'restored' });
    }
    const after = await user.cart();
    expect(await quantitiesOf(user)).toEqual({ [skuIds[0]!]: 3, [skuIds[1]!]: 3 });
    const whole = (cart: typeof before) => cart.items.find(({ skuId }) => skuId === skuIds[1]);
    const { version: _v, updatedAt: _u, ...item } = whole(after)!;
    expect(whole(before)).toMatchObject(item);
    expect(await Promise.all(skuIds.map(stockOf))).toEqual([100, 100]);
    expect((await user.get(`/v1/orders/${orderId}`)).body.status).toBe('cancelled');
    await expectInSync(user);
    const payment = await api.login(undefined, ['payment']);
    expect(await payment.post(`/v1/orders/${orderId}/pay`)).toMatchObject({
      status: 409,
      body: { code: 'ORDER_CLOSED' },
    });
  });

  it('A8: comes back whole, over the limits too', async () => {
    const { user, skuIds } = await shopperWith(90, 2);
    const { orderId } = (await checkout(user, { expectedPayable: '999.00' })).body;
    await user.add(skuIds[0]!, 10);
    await admin.patch(`/v1/admin/skus/${skuIds[1]}`, { purchaseLimit: 1 });
    await user.add(skuIds[1]!, 1);
    const { restored } = (await user.post(`/v1/orders/${orderId}/cancel`)).body;
    expect(restored).toHaveLength(2);
    expect(restored).toContainEqual({ skuId: skuIds[0], quantity: 90, outcome: 'restored' });
    expect(restored).toContainEqual({ skuId: skuIds[1], quantity: 2, outcome: 'restored' });
    expect(await quantitiesOf(user)).toEqual({ [skuIds[0]!]: 100, [skuIds[1]!]: 3 });
  });

  it('that is paid stays paid, and is not cancelled any more', async () => {
    const { user } = await shopperWith(1);
    const { orderId } = (await checkout(user, { expectedPayable: '3.39' })).body;
    const payment = await api.login(undefined, ['payment']);
    for (let i = 0; i < 2; i++) {
      expect(await payment.post(`/v1/orders/${orderId}/pay`)).toMatchObject({ status: 200, body: { status: 'paid' } });
    }
    expect(await user.post(`/v1/orders/${orderId}/cancel`)).toMatchObject({
      status: 409,
      body: { code: 'ORDER_PAID' },
    });
    expect(await quantitiesOf(user)).toEqual({});
  });
});
