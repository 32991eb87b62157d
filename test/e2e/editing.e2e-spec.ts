import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CartDto } from '../../libs/cart/src/dto/cart.dto.js';
import { Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { freshSkuId } from '../support/services.js';
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

const ITEMS = '/v1/cart/items';
const skuIds = (cart: { items: { skuId: string }[] }) => cart.items.map(({ skuId }) => skuId);
const batch = (who: Shopper, items: [skuId: string | undefined, quantity: number][], mode?: string) =>
  who.post<CartDto & { results: object[] }>(`${ITEMS}/batch`, {
    items: items.map(([skuId, quantity]) => ({ skuId, quantity })),
    mode,
  });
const spec = (who: Shopper, skuId: string, to: string) => who.put(`${ITEMS}/${skuId}/spec`, { skuId: to });
/** SKUs of one product. */
const variants = (...skus: object[]) => {
  const spuId = freshSkuId();
  return api.skus(...skus.map((sku) => ({ ...sku, spuId })));
};
const change = (skuId: string, patch: object) => admin.patch(`/v1/admin/skus/${skuId}`, patch);

/** Waits until MySQL has everything. */
const drained = (userId: string) =>
  eventually(async () => {
    const { body } = await admin.get(`/v1/admin/carts/${userId}/diff`);
    expect(body.inSync).toBe(true);
    return body.items as { skuId: string }[];
  });

async function userWith(...ids: (string | undefined)[]): Promise<Shopper> {
  const user = await api.login();
  for (const id of ids) expect((await user.add(id!, 2)).status).toBe(201);
  return user;
}

describe('a batch', () => {
  it('adds every SKU in one change, and the quantities of one named twice add up', async () => {
    const [a, b] = await api.skus({}, {});
    const user = await userWith(a);
    const { status, body } = await batch(user, [
      [a, 1],
      [b, 2],
      [a, 4],
    ]);
    expect(status).toBe(200);
    expect(body.results).toEqual([
      { skuId: a, status: 'ok' },
      { skuId: b, status: 'ok' },
    ]);
    expect(body.items).toMatchObject([
      { skuId: b, quantity: 2 },
      { skuId: a, quantity: 7 },
    ]);
    expect(new Set(body.items.map((item) => item.version))).toEqual(new Set([body.version]));
  });

  it('that is atomic adds nothing when one SKU is refused, and names every refused one', async () => {
    const [good, off, scarce, sold] = await api.skus({}, { status: 'off' }, { stock: 3 }, { stock: 0 });
    const user = await userWith(good);
    const before = await user.cart();
    const refused = await batch(user, [
      [good, 1],
      [scarce, 4],
      [off, 1],
      [good, 97],
      [sold, 1],
      ['999999999999997', 1],
    ]);
    expect(refused).toMatchObject({
      status: 409,
      body: {
        code: 'QUANTITY_LIMIT',
        errors: [
          { skuId: good, code: 'QUANTITY_LIMIT', maximum: 99, requested: 100 },
          { skuId: scarce, code: 'INSUFFICIENT_STOCK', available: 3 },
          { skuId: off, code: 'SKU_OFF_SHELF' },
          { skuId: sold, code: 'OUT_OF_STOCK' },
          { skuId: '999999999999997', code: 'SKU_NOT_FOUND' },
        ],
      },
    });
    expect(await user.cart()).toEqual(before);
    const unknownFirst = await batch(user, [
      ['999999999999997', 1],
      [good, 1],
    ]);
    expect(unknownFirst).toMatchObject({ status: 404, body: { code: 'SKU_NOT_FOUND', errors: [{}] } });
  });

  it('that is partial adds what may be added and says why the rest may not, also as the cart fills up', async () => {
    const [a, b, c, d, e, f, off] = await api.skus({}, {}, {}, {}, {}, {}, { status: 'off' });
    const user = await userWith(a, b, c);
    const { status, body } = await batch(
      user,
      [
        [d, 1],
        [off, 1],
        [e, 1],
        [f, 1],
        [a, 3],
        [b, 98],
      ],
      'partial',
    );
    expect(status).toBe(200);
    expect(body.results).toEqual([
      { skuId: d, status: 'ok' },
      { skuId: off, status: 'rejected', code: 'SKU_OFF_SHELF' },
      { skuId: e, status: 'ok' },
      { skuId: f, status: 'rejected', code: 'CART_FULL', maximum: 5 },
      { skuId: a, status: 'ok' },
      { skuId: b, status: 'rejected', code: 'QUANTITY_LIMIT', maximum: 99, requested: 100 },
    ]);
    expect(body.items.map(({ skuId, quantity }) => [skuId, quantity])).toEqual([
      [e, 1],
      [d, 1],
      [c, 2],
      [b, 2],
      [a, 5],
    ]);
  });

  it('that is atomic and would overfill the cart adds nothing, though some would fit', async () => {
    const ids = await api.skus({}, {}, {}, {}, {}, {});
    const user = await userWith(ids[0], ids[1], ids[2]);
    const refused = await batch(
      user,
      ids.slice(2).map((id) => [id, 1]),
    );
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'CART_FULL', errors: [{ skuId: ids[5], maximum: 5 }] },
    });
    expect((await user.cart()).badge).toMatchObject({ skus: 3, quantity: 6 });
  });

  it('holds at most 100 entries, and nothing but batches and quantities', async () => {
    const [a] = await api.skus({});
    const user = await api.login();
    const many = (count: number) =>
      batch(
        user,
        Array.from({ length: count }, () => [a, 1]),
        'partial',
      );
    expect((await many(101)).status).toBe(400);
    expect((await many(100)).body.results).toMatchObject([{ status: 'rejected', maximum: 99, requested: 100 }]);
    expect((await batch(user, [[a, 0]])).status).toBe(400);
    expect((await batch(user, [[a, 1]], 'some')).status).toBe(400);
    expect((await user.cart()).version).toBe('0');
  });
});

describe('another variant', () => {
  it('takes the place of the item, with its flag, position and time, at its own price', async () => {
    const [red, blue, newest] = await variants({ price: 100 }, { price: 250, spec: 'blue' }, {});
    const user = await userWith(red, newest);
    await user.patch(`${ITEMS}/${red}`, { selected: false });
    const [, was] = (await user.cart()).items;
    const { status, body } = await spec(user, red!, blue!);
    expect(status).toBe(200);
    expect(skuIds(body)).toEqual([newest, blue]);
    expect(body.items[1]).toMatchObject({
      quantity: 2,
      selected: false,
      addPrice: '2.50',
      addedAt: was!.addedAt,
      snapshot: { spec: 'blue' },
    });
    expect(await drained(user.id)).toHaveLength(2);
  });

  it('onto one that is there adds the quantities up; to itself changes nothing', async () => {
    const [red, blue] = await variants({}, {});
    const user = await userWith(red, blue);
    await user.patch(`${ITEMS}/${blue}`, { selected: false });
    const { version } = await user.cart();
    expect((await spec(user, blue!, blue!)).body.version).toBe(version);
    const { body } = await spec(user, red!, blue!);
    expect(body.items).toMatchObject([{ skuId: blue, quantity: 4, selected: true }]);
    expect(body.badge).toEqual({ skus: 1, quantity: 4, selectedSkus: 1, selectedQuantity: 4 });
  });

  it('over a limit or the stock is refused whole, never clipped', async () => {
    const [red, scarce, limited, off, full] = await variants(
      {},
      { stock: 1 },
      { purchaseLimit: 1 },
      { status: 'off' },
      {},
    );
    const user = await userWith(red, full);
    await user.patch(`${ITEMS}/${full}`, { quantity: 98 });
    const before = await user.cart();
    const refusals = [
      [await spec(user, red!, scarce!), 409, { code: 'INSUFFICIENT_STOCK', available: 1 }],
      [await spec(user, red!, limited!), 409, { code: 'QUANTITY_LIMIT', maximum: 1, requested: 2 }],
      [await spec(user, red!, full!), 409, { code: 'QUANTITY_LIMIT', maximum: 99, requested: 100 }],
      [await spec(user, red!, off!), 409, { code: 'SKU_OFF_SHELF' }],
      [await spec(user, red!, '999999999999996'), 404, { code: 'SKU_NOT_FOUND' }],
      [await spec(user, scarce!, red!), 404, { code: 'ITEM_NOT_FOUND', skuId: scarce }],
    ] as const;
    for (const [answer, status, error] of refusals) {
      expect(answer).toMatchObject({ status, body: { code: error.code, errors: [error] } });
    }
    expect(await user.cart()).toEqual(before);
  });
});

describe('clearing invalid items', () => {
  it('takes what is off the shelf, sold out or gone, and nothing else', async () => {
    const [good, off, sold, gone] = await api.skus({}, {}, {}, {});
    const user = await userWith(good, off, sold, gone);
    await change(off!, { status: 'off' });
    await change(sold!, { stock: 0 });
    await admin.delete(`/v1/admin/skus/${gone}`);
    const before = await user.cart();
    expect(before.invalidItems).toEqual([gone, sold, off]);
    expect(before.items.map((item) => item.invalidReason)).toEqual(['SKU_GONE', 'OUT_OF_STOCK', 'OFF_SHELF', null]);
    const { status, body } = await user.delete('/v1/cart/invalid-items');
    expect(status).toBe(200);
    expect(skuIds(body)).toEqual([good]);
    expect((await user.delete('/v1/cart/invalid-items')).body.version).toBe(body.version);
    // Brought back, they are as invalid as before.
    expect((await user.post('/v1/cart/undo')).body.invalidItems).toEqual(before.invalidItems);
  });
});
