import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { checkout } from '../support/checkout.js';
import { freshSkuId } from '../support/services.js';

let app: AppProcess;
let api: Api;
let admin: Shopper;

beforeAll(async () => {
  app = await AppProcess.start({ TRANSPORT: 'in-process' });
  api = new Api(app.url);
  admin = await api.admin();
});
afterAll(async () => {
  await app.stop();
});

const put = (...skus: object[]) => admin.put('/v1/admin/skus', skus);
const show = (skuId: string) => admin.get(`/v1/admin/skus/${skuId}`);
const patch = (skuId: string, body: object, headers?: Record<string, string>) =>
  admin.patch(`/v1/admin/skus/${skuId}`, body, headers);
/** The least a SKU says of itself. */
const bare = <T extends object>(more: T = {} as T) => ({
  ...{ skuCode: `c-${freshSkuId()}`, name: 'Lamp', price: '5.00', status: 'on' },
  ...more,
});

async function order(skuId: string, quantity: number): Promise<string> {
  const shopper = await api.login();
  await shopper.add(skuId, quantity);
  const answer = await checkout(shopper);
  expect(answer.status).toBe(201);
  return answer.body.orderId;
}

describe('A10: what a shop writes of its stock', () => {
  it('A10: a repeated PUT without stock and shop keeps both', async () => {
    const sku = bare({ skuId: freshSkuId(), shopId: '31', shopName: 'Lamps', stock: 10 });
    await put(sku);
    await order(sku.skuId, 3);
    const { stock: _stock, shopId: _shop, shopName: _name, ...again } = { ...sku, price: '6.00' };
    expect(await put(again)).toMatchObject({
      status: 200,
      body: { upserted: 1, skus: [{ skuCode: sku.skuCode, skuId: sku.skuId }] },
    });
    expect((await show(sku.skuId)).body).toMatchObject({ stock: 7, shopId: '31', shopName: 'Lamps', price: '6.00' });
  });

  it('A10: a new SKU has stock 0 and shop 1 unless it says more', async () => {
    const sku = bare({ skuId: freshSkuId() });
    await put(sku);
    expect((await show(sku.skuId)).body).toMatchObject({ stock: 0, shopId: '1', shopName: '', spuId: null });
    await put({ ...sku, stock: 4 });
    await admin.delete(`/v1/admin/skus/${sku.skuId}`);
    await put(sku);
    expect((await show(sku.skuId)).body).toMatchObject({ stock: 0, shopId: '1' });
  });

  it('A10: without a skuId the SKU is found by its code, or gets a number', async () => {
    const known = bare({ skuId: freshSkuId(), stock: 5 });
    await put(known);
    const fresh = bare();
    const { body } = await put({ ...known, skuId: undefined, name: 'Known' }, fresh, { ...fresh, name: 'Last' });
    expect(body).toEqual({
      upserted: 2,
      skus: [
        { skuCode: known.skuCode, skuId: known.skuId },
        { skuCode: fresh.skuCode, skuId: expect.stringMatching(/^[1-9]\d*$/) },
      ],
    });
    const { skuId } = body.skus[1];
    expect((await show(skuId)).body).toMatchObject({ skuCode: fresh.skuCode, name: 'Last', stock: 0 });
    expect((await put(fresh)).body.skus).toEqual([{ skuCode: fresh.skuCode, skuId }]);
    await admin.delete(`/v1/admin/skus/${skuId}`);
    expect((await put(fresh)).body.skus).toEqual([{ skuCode: fresh.skuCode, skuId }]);
    expect((await put({ skuId: '', ...bare() })).status).toBe(400);
    expect((await put({ ...bare(), skuId: null })).status).toBe(400);
  });

  it('A10: twenty calls at once with one new code bring one SKU, and new codes get a number each', async () => {
    const shared = bare({ stock: 1 });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => put(shared, bare({ skuCode: `${shared.skuCode}-${i}` }))),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const ids = answers.map(({ body }) => (body.skus as { skuId: string }[]).map(({ skuId }) => skuId));
    expect(new Set(ids.map(([first]) => first)).size).toBe(1);
    expect(new Set(ids.flat()).size).toBe(21);
  });

  it('A10: stockDelta shifts the stock as it is, and never below 0', async () => {
    const [skuId] = await api.skus({ stock: 10 });
    expect((await patch(skuId!, { stockDelta: -4 })).body).toMatchObject({ stock: 6 });
    expect((await patch(skuId!, { stockDelta: 5, price: '9.99' })).body).toMatchObject({ stock: 11, price: '9.99' });
    expect(await patch(skuId!, { stockDelta: -12, price: '1.00' })).toMatchObject({
      status: 409,
      body: { code: 'INSUFFICIENT_STOCK', errors: [{ code: 'INSUFFICIENT_STOCK', skuId, available: 11 }] },
    });
    expect((await show(skuId!)).body).toMatchObject({ stock: 11, price: '9.99' });
    const shifts = Array.from({ length: 10 }, () => patch(skuId!, { stockDelta: 1 }));
    expect((await Promise.all(shifts)).every(({ status }) => status === 200)).toBe(true);
    expect((await show(skuId!)).body.stock).toBe(21);
    for (const body of [{ stockDelta: 0 }, { stockDelta: 1.5 }, { stockDelta: '1' }, { stockDelta: 1, stock: 3 }]) {
      expect(await patch(skuId!, body)).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    }
    expect((await patch(skuId!, { stockDelta: 2 ** 31 - 1 })).status).toBe(400);
  });

  it('A10: a stockDelta with an Idempotency-Key is added once', async () => {
    const [skuId] = await api.skus({ stock: 1 });
    const key = { 'idempotency-key': `k-${skuId}` };
    expect((await patch(skuId!, { stockDelta: 2 }, key)).body.stock).toBe(3);
    const replayed = await patch(skuId!, { stockDelta: 2 }, key);
    expect(replayed).toMatchObject({ status: 200, body: { stock: 3 } });
    expect(replayed.headers.get('etag')).toBe((await show(skuId!)).headers.get('etag'));
    expect((await patch(skuId!, { stockDelta: 3 }, key)).status).toBe(422);
  });

  it('A10: PATCH takes every field', async () => {
    const [skuId] = await api.skus({});
    const skuCode = `p-${skuId}`;
    const fields = {
      ...{ skuCode, spuId: '71', shopId: '32', shopName: 'S', name: 'N', image: '/i', spec: 'red', price: '1.25' },
      ...{ stock: 3, lowStockThreshold: 2, purchaseLimit: 4, status: 'off' },
    };
    expect((await patch(skuId!, fields)).body).toMatchObject(fields);
    expect((await show(skuId!)).body).toMatchObject(fields);
    expect((await patch(skuId!, { spuId: null, purchaseLimit: null, name: '' })).body).toMatchObject({
      ...{ spuId: null, purchaseLimit: null, name: skuCode },
    });
    expect((await patch(skuId!, { spuId: '07' })).status).toBe(400);
    expect((await patch(skuId!, { shopId: null })).status).toBe(400);
  });
});

describe('A10: the version of a SKU', () => {
  it('A10: is an ETag that the shop raises and an order does not', async () => {
    const [skuId] = await api.skus({ stock: 10 });
    const tag = async () => (await show(skuId!)).headers.get('etag')!;
    const first = await tag();
    expect(first).toMatch(/^"\d+"$/);
    await order(skuId!, 2);
    expect(await tag()).toBe(first);
    const changed = await patch(skuId!, { price: '2.00' }, { 'if-match': first });
    expect(changed).toMatchObject({ status: 200, body: { stock: 8, price: '2.00' } });
    expect(changed.headers.get('etag')).toBe(await tag());
    expect(await tag()).not.toBe(first);
    expect(await patch(skuId!, { price: '3.00' }, { 'if-match': first })).toMatchObject({
      status: 412,
      body: { code: 'VERSION_MISMATCH', errors: [{ skuId, version: (await tag()).slice(1, -1) }] },
    });
    const now = await tag();
    await patch(skuId!, { price: '2.00' });
    expect(await tag()).toBe(now);
    await patch(skuId!, { stockDelta: 1 });
    expect(await tag()).not.toBe(now);
    expect((await show(skuId!)).body.price).toBe('2.00');
  });

  it('A10: If-Match guards PATCH and DELETE', async () => {
    const [skuId] = await api.skus({});
    const path = `/v1/admin/skus/${skuId}`;
    expect((await admin.delete(path, { 'if-match': '"99"' })).status).toBe(412);
    expect((await admin.delete(path, { 'if-match': 'x' })).status).toBe(400);
    expect((await patch(skuId!, { price: '1.00' }, { 'if-match': '*' })).status).toBe(200);
    const tag = (await show(skuId!)).headers.get('etag')!;
    expect((await admin.delete(path, { 'if-match': `"1000", ${tag}` })).status).toBe(204);
    expect(await show(skuId!)).toMatchObject({ status: 404, body: { code: 'SKU_NOT_FOUND' } });
    expect((await admin.delete(path, { 'if-match': '*' })).status).toBe(404);
  });
});

describe('A10: a code belongs to one SKU', () => {
  it('A10: another SKU is refused it, on PUT as on PATCH, and nothing is written', async () => {
    const [one, other] = [bare({ skuId: freshSkuId() }), bare({ skuId: freshSkuId() })];
    await put(one, other);
    const taken = { code: 'SKU_CODE_TAKEN', skuId: other.skuId, skuCode: one.skuCode };
    const refusal = { status: 409, body: { code: 'SKU_CODE_TAKEN', errors: [taken] } };
    expect(await patch(other.skuId, { skuCode: one.skuCode, name: 'x' })).toMatchObject(refusal);
    expect(await put({ ...one, name: 'x' }, { ...other, skuCode: one.skuCode })).toMatchObject(refusal);
    expect((await show(one.skuId)).body).toMatchObject({ name: 'Lamp' });
    const fresh = freshSkuId();
    expect((await put(bare({ skuId: fresh, skuCode: one.skuCode }))).status).toBe(409);
    expect((await show(fresh)).status).toBe(404);
    const twice = bare();
    expect((await put({ ...twice, skuId: freshSkuId() }, { ...twice, skuId: freshSkuId() })).status).toBe(409);
  });

  it('A10: two may exchange their codes in one call; a deleted one leaves its code; case tells codes apart', async () => {
    const [one, other] = [bare({ skuId: freshSkuId() }), bare({ skuId: freshSkuId() })];
    await put(one, other);
    expect((await put({ ...one, skuCode: other.skuCode }, { ...other, skuCode: one.skuCode })).status).toBe(200);
    expect((await show(one.skuId)).body.skuCode).toBe(other.skuCode);
    await admin.delete(`/v1/admin/skus/${one.skuId}`);
    expect((await put(bare({ skuId: freshSkuId(), skuCode: other.skuCode }))).status).toBe(200);
    // Its code has another owner now.
    expect((await put({ ...one, skuCode: other.skuCode })).status).toBe(409);
    expect((await put(bare({ skuId: freshSkuId(), skuCode: one.skuCode.toUpperCase() }))).status).toBe(200);
  });
});

describe('A10: the catalogue as an operator lists it', () => {
  it('A10: shows what is off the shelf too, not what is gone, the latest added first', async () => {
    const shopId = freshSkuId();
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.unshift(...(await api.skus({ shopId, status: i === 1 ? 'off' : 'on' })));
    await admin.delete(`/v1/admin/skus/${ids[0]}`);
    const [, ...left] = ids;
    const list = async (query: string) => {
      const { status, body } = await admin.get(`/v1/admin/skus?shopId=${shopId}${query}`);
      expect(status).toBe(200);
      return { ids: (body.skus as { skuId: string }[]).map(({ skuId }) => skuId), next: body.next };
    };
    expect(await list('')).toEqual({ ids: left, next: null });
    const first = await list('&limit=3');
    expect(first).toEqual({ ids: left.slice(0, 3), next: expect.any(String) });
    expect(await list(`&limit=3&cursor=${first.next}`)).toEqual({ ids: left.slice(3), next: null });
    expect((await list('&status=off')).ids).toEqual([ids[3]]);
    expect((await list('&status=on')).ids).toEqual(left.filter((id) => id !== ids[3]));
    expect((await list(`&q=CODE-${ids[2]}`)).ids).toEqual([ids[2]]);
    expect((await list('&q=zzz')).ids).toEqual([]);
    const [shown] = (await admin.get(`/v1/admin/skus?shopId=${shopId}&limit=1`)).body.skus;
    expect(shown).toEqual((await show(ids[1]!)).body);
  });

  it.each(['limit=0', 'limit=101', 'limit=x', 'limit=', 'status=gone', 'cursor=x', 'page=1', 'shopId=0'])(
    'A10: refuses ?%s',
    async (query) => {
      expect(await admin.get(`/v1/admin/skus?${query}`)).toMatchObject({ status: 400 });
    },
  );

  it('A10: is for operators alone', async () => {
    expect((await (await api.login()).get('/v1/admin/skus')).status).toBe(403);
    expect((await api.call('GET', '/v1/admin/skus/1')).status).toBe(401);
  });
});

describe('A3: what a search tells apart', () => {
  it('A3: emoji as other letters, and not case, accents or composition', async () => {
    const shopId = freshSkuId();
    const names = [
      '🍎 apple',
      '💣 bomb',
      'Café crème',
      'Cafe\u0301 noir'.normalize('NFD'),
      '𠀀 rare',
      'ｗｉｄｅ Straße',
      'กิน',
    ];
    const ids = await api.skus(...names.map((name) => ({ shopId, name })));
    const search = async (q: string) => {
      const { body } = await api.call('GET', `/v1/skus?shopId=${shopId}&q=${encodeURIComponent(q)}`);
      return (body.skus as { skuId: string }[]).map(({ skuId }) => names[ids.indexOf(skuId)]).sort();
    };
    expect(await search('🦆')).toEqual([]);
    expect(await search('🍎')).toEqual([names[0]]);
    expect(await search('💣')).toEqual([names[1]]);
    expect(await search('𠀁')).toEqual([]);
    expect(await search('𠀀')).toEqual([names[4]]);
    for (const q of ['café', 'CAFÉ', 'cafe', 'café'.normalize('NFD'), 'CAFE\u0301']) {
      expect(await search(q)).toEqual([names[2], names[3]].sort());
    }
    expect(await search('creme')).toEqual([names[2]]);
    expect(await search('WIDE')).toEqual([names[5]]);
    expect(await search('strasse')).toEqual([names[5]]);
    expect(await search('กุ')).toEqual([]);
    expect(await search('กิ')).toEqual([names[6]]);
    const { body } = await admin.get(`/v1/admin/skus?shopId=${shopId}&q=${encodeURIComponent('🦆')}`);
    expect(body.skus).toEqual([]);
  });
});
