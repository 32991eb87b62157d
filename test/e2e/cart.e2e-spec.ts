import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';

let app: AppProcess;
let api: Api;
let admin: Shopper;

beforeAll(async () => {
  app = await AppProcess.start({ MAX_SKUS: '5' });
  api = new Api(app.url);
  admin = await api.admin();
});
afterAll(async () => {
  await app.stop();
});

/** Waits until MySQL has everything, and says what the operator's comparison shows. */
async function drained(userId: string) {
  return eventually(async () => {
    const { body } = await admin.get(`/v1/admin/carts/${userId}/diff`);
    expect(body.inSync).toBe(true);
    return body;
  });
}

describe('a shopper', () => {
  it('adds, changes and removes, and MySQL follows through the broker', async () => {
    const [lantern, mug] = await api.skus(
      { price: 339, shopId: '7' },
      { price: 1250, shopId: '8', shopName: 'Shop 8' },
    );
    const user = await api.login();
    expect((await user.cart()).version).toBe('0');

    const added = await user.add(lantern!, 2);
    expect(added.status).toBe(201);
    expect(added.headers.get('etag')).toBe(`"${added.body.version}"`);
    expect(added.headers.get('cache-control')).toBe('private, no-store');
    expect((await user.add(lantern!, 3)).body.badge).toEqual({
      skus: 1,
      quantity: 5,
      selectedSkus: 1,
      selectedQuantity: 5,
    });
    await user.add(mug!, 1);

    const cart = await user.cart();
    expect(cart).toMatchObject({
      owner: { kind: 'user', id: user.id },
      currency: 'CNY',
      stale: false,
      items: [
        { skuId: mug, quantity: 1, addPrice: '12.50', price: '12.50', priceChange: null, valid: true },
        { skuId: lantern, quantity: 5, selected: true, shopId: '7', limits: { maximum: 99 }, problems: [] },
      ],
      groups: [
        { kind: 'shop', id: '8', name: 'Shop 8', selection: 'all', skuIds: [mug], promotions: [] },
        { kind: 'shop', id: '7', selection: 'all', skuIds: [lantern] },
      ],
      invalidItems: [],
      totals: { skus: 2, quantity: 6, goods: '29.45', payable: '29.45', promotionDiscount: '0.00', gifts: [] },
      limits: { maxSkus: 5, maxQuantityPerSku: 99 },
    });
    expect((await user.get('/v1/cart?group=none')).body.groups).toEqual([]);

    expect((await user.patch(`/v1/cart/items/${lantern}`, { quantity: 4, selected: false })).body).toMatchObject({
      badge: { quantity: 5, selectedQuantity: 1 },
      groups: [{}, { id: '7', selection: 'none' }],
      totals: { goods: '12.50' },
    });
    expect((await user.patch(`/v1/cart/items/${lantern}`, { delta: -1 })).body.badge.quantity).toBe(4);
    const removed = await user.delete(`/v1/cart/items/${mug}`);
    expect(removed.body.items).toHaveLength(1);
    expect(await drained(user.id)).toMatchObject({
      items: [{ skuId: lantern, mysql: { quantity: 3, selected: false } }],
    });

    await user.delete('/v1/cart');
    expect((await drained(user.id)).items).toEqual([]);
    const forced = await admin.post(`/v1/admin/carts/${user.id}/sync`);
    expect(forced).toMatchObject({ status: 200, body: { written: 0, softDeleted: 0 } });
  });

  it('without a login keeps a cart by a signed id', async () => {
    const [sku] = await api.skus({});
    const guest = await api.guest();
    expect(await guest.cart()).toMatchObject({ owner: { kind: 'guest' }, version: '0', items: [] });
    expect((await guest.add(sku!, 2)).status).toBe(201);
    const cart = await guest.cart();
    expect(cart).toMatchObject({ owner: { kind: 'guest' }, badge: { quantity: 2 } });
    expect(JSON.stringify(cart)).not.toContain(guest.id.split('.')[2]);
    const other = await api.guest();
    expect((await other.cart()).items).toEqual([]);
    const forged = new Shopper(api, '', { 'x-client-cart-id': guest.id.slice(0, -2) + 'xx' });
    expect(await forged.get('/v1/cart')).toMatchObject({ status: 401, body: { code: 'INVALID_CLIENT_CART_ID' } });
  });

  it('sees a change of the catalogue at once, and the item as it was added', async () => {
    const [sku, other] = await api.skus({ price: 500, stock: 4, name: 'As added' }, { price: 100 });
    const user = await api.login();
    await user.add(sku!, 3);
    await user.add(other!, 1);
    expect((await user.cart()).warnings).toEqual([
      { code: 'LOW_STOCK', target: { skuId: sku }, data: { available: 4 } },
    ]);

    await admin.patch(`/v1/admin/skus/${sku}`, { price: '4.50', stock: 2 });
    expect((await user.cart()).items[1]).toMatchObject({
      addPrice: '5.00',
      price: '4.50',
      priceChange: { direction: 'down', amount: '0.50' },
      stock: { state: 'low', available: 2 },
      valid: true,
      problems: [{ code: 'INSUFFICIENT_STOCK', available: 2 }],
    });

    const reasons: string[] = [];
    for (const change of [{ stock: 0 }, { status: 'off' }]) {
      await admin.patch(`/v1/admin/skus/${sku}`, change);
      const cart = await user.cart();
      reasons.push(cart.items[1]!.invalidReason!);
      expect(cart).toMatchObject({ invalidItems: [sku], badge: { selectedQuantity: 4 }, totals: { goods: '1.00' } });
      expect(cart.items[1]).toMatchObject({ valid: false, selected: false, snapshot: { name: 'As added' } });
    }
    await admin.delete(`/v1/admin/skus/${sku}`);
    const gone = (await user.cart()).items[1]!;
    expect([...reasons, gone.invalidReason]).toEqual(['OUT_OF_STOCK', 'OFF_SHELF', 'SKU_GONE']);
    expect(gone).toMatchObject({ price: null, priceChange: null, stock: { state: 'out', available: 0 } });

    expect((await user.patch(`/v1/cart/items/${sku}`, { quantity: 1 })).status).toBe(200);
    expect((await user.patch(`/v1/cart/items/${sku}`, { quantity: 2 })).body.code).toBe('SKU_NOT_FOUND');
    await admin.put('/v1/admin/skus', [
      { skuId: sku, skuCode: `x-${sku}`, shopId: '7', name: '', price: '6.00', stock: 9, status: 'on' },
    ]);
    expect((await user.cart()).items[1]).toMatchObject({ valid: true, selected: true, price: '6.00', quantity: 1 });
  });

  it('is refused with the limit, what was asked for and what there is', async () => {
    const [plain, scarce, none, off, limited] = await api.skus(
      {},
      { stock: 3 },
      { stock: 0 },
      { status: 'off' },
      { purchaseLimit: 2 },
    );
    const user = await api.login();
    const refusals = [
      [await user.add('999999999999999'), 404, { code: 'SKU_NOT_FOUND', skuId: '999999999999999' }],
      [await user.add(off!), 409, { code: 'SKU_OFF_SHELF', skuId: off }],
      [await user.add(plain!, 100), 409, { code: 'QUANTITY_LIMIT', skuId: plain, maximum: 99, requested: 100 }],
      [await user.add(limited!, 3), 409, { code: 'QUANTITY_LIMIT', skuId: limited, maximum: 2, requested: 3 }],
      [await user.add(none!), 409, { code: 'OUT_OF_STOCK', skuId: none }],
      [await user.add(scarce!, 4), 409, { code: 'INSUFFICIENT_STOCK', skuId: scarce, available: 3 }],
      [await user.patch(`/v1/cart/items/${plain}`, { quantity: 1 }), 404, { code: 'ITEM_NOT_FOUND', skuId: plain }],
    ] as const;
    for (const [answer, status, error] of refusals) {
      expect(answer.status).toBe(status);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.body).toMatchObject({ status, code: error.code, errors: [error] });
    }
    expect((await user.cart()).version).toBe('0');

    for (const sku of await api.skus({}, {}, {}, {}, {})) await user.add(sku);
    expect((await user.add(plain!)).body).toMatchObject({ code: 'CART_FULL', errors: [{ maximum: 5 }] });
  });

  it('may say which version it knows', async () => {
    const [sku] = await api.skus({});
    const user = await api.login();
    const { body } = await user.add(sku!);
    const stale = await user.add(sku!, 1, { 'if-match': '"1"' });
    expect(stale).toMatchObject({ status: 412, body: { code: 'VERSION_MISMATCH', cart: { version: body.version } } });
    expect((await user.add(sku!, 1, { 'if-match': `"1", "${body.version}"` })).status).toBe(201);
    expect((await user.add(sku!, 1, { 'if-match': '*' })).status).toBe(201);
    expect((await user.add(sku!, 1, { 'if-match': 'nonsense' })).body.code).toBe('VALIDATION_FAILED');
    const minimal = await user.add(sku!, 1, { prefer: 'return=minimal' });
    expect(Object.keys(minimal.body).sort()).toEqual(['badge', 'version']);
    expect(minimal.body.badge.quantity).toBe(4);
  });

  it.each([
    ['POST', '/v1/cart/items', { skuId: '1', quantity: 0 }],
    ['POST', '/v1/cart/items', { skuId: '1', quantity: 1.5 }],
    ['POST', '/v1/cart/items', { skuId: '1', quantity: '5' }],
    ['POST', '/v1/cart/items', { skuId: '1', quantity: 2 ** 31 }],
    ['POST', '/v1/cart/items', { skuId: 1, quantity: 1 }],
    ['POST', '/v1/cart/items', { skuId: '01', quantity: 1 }],
    ['POST', '/v1/cart/items', { skuId: '9223372036854775808', quantity: 1 }],
    ['POST', '/v1/cart/items', { skuId: '1', quantity: 1, price: '0.01' }],
    ['POST', '/v1/cart/items', { skuId: '1', quantity: 1, selected: 'yes' }],
    ['PATCH', '/v1/cart/items/1', {}],
    ['PATCH', '/v1/cart/items/1', { quantity: 1, delta: 1 }],
    ['PATCH', '/v1/cart/items/1', { delta: 0 }],
    ['PATCH', '/v1/cart/items/1', { quantity: -1 }],
    ['PATCH', '/v1/cart/items/x', { quantity: 1 }],
    ['DELETE', '/v1/cart/items/1e3', undefined],
    ['POST', '/v1/cart/items/remove', { skuIds: '1' }],
    ['POST', '/v1/cart/items/remove', { skuIds: Array.from({ length: 1001 }, () => '1') }],
    ['GET', '/v1/cart?group=colour', undefined],
  ])('%s %s with %j is refused as not valid', async (method, path, body) => {
    const user = await api.login();
    const answer = await api.call(method, path, { body, headers: user.headers });
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED', status: 400 } });
  });
});

describe('an operator', () => {
  it('alone may change the catalogue and look into carts', async () => {
    const user = await api.login();
    const guest = await api.guest();
    for (const [method, path] of [
      ['PUT', '/v1/admin/skus'],
      ['PATCH', '/v1/admin/skus/1'],
      ['POST', `/v1/admin/carts/${user.id}/sync`],
      ['GET', `/v1/admin/carts/${user.id}/diff`],
    ] as const) {
      expect((await api.call(method, path, { headers: user.headers })).status).toBe(403);
      expect((await api.call(method, path, { headers: guest.headers })).status).toBe(401);
      expect((await api.call(method, path)).status).toBe(401);
    }
    expect(await admin.patch('/v1/admin/skus/999999999999999', { stock: 1 })).toMatchObject({
      status: 404,
      body: { code: 'SKU_NOT_FOUND' },
    });
    const bad = await admin.put('/v1/admin/skus', [
      { skuId: '1', skuCode: 'a', shopId: '1', name: '', price: '1.5', stock: 1, status: 'on' },
    ]);
    expect(bad).toMatchObject({ status: 400, body: { errors: [{ field: '[0].price' }] } });
  });

  it('sees how far MySQL is behind', async () => {
    const user = await api.login();
    const [sku] = await api.skus({});
    await user.add(sku!);
    await drained(user.id);
    const { body } = await api.call('GET', '/metrics');
    expect(body).toMatch(/^cart_outbox_depth \d+$/m);
    expect(body).toMatch(/^cart_sync_lag_seconds_count [1-9]\d*$/m);
    expect(body).toMatch(/^cart_lock_acquired_total [1-9]\d*$/m);
    const { body: document } = await api.call('GET', '/docs/openapi.json');
    expect(document.openapi).toMatch(/^3\.1/);
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/v1/cart', '/v1/cart/items', '/v1/admin/skus', '/v1/admin/carts/{userId}/sync']),
    );
  });
});
