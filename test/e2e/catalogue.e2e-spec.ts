import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Answer, Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { freshSkuId } from '../support/services.js';

interface Page {
  skus: { skuId: string }[];
  next: string | null;
}

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

/** As anybody: without a login. */
const read = (path: string) => api.call('GET', path);
const shopOfItsOwn = freshSkuId;

describe('the catalogue for shoppers', () => {
  it('lists a shop without a login, and hides what is off the shelf or gone', async () => {
    const shopId = shopOfItsOwn();
    const name = 'Storm lantern';
    const skuCode = `Sl-${shopId}`;
    const [shown, off, gone] = await api.skus(
      { shopId, name, price: 1250, stock: 3, purchaseLimit: 2, skuCode },
      { shopId, status: 'off' },
      { shopId },
    );
    await admin.delete(`/v1/admin/skus/${gone}`);

    const list = await read(`/v1/skus?shopId=${shopId}`);
    const sku = {
      ...{ skuId: shown, skuCode, spuId: null, shopId, shopName: 'Shop 7', name },
      ...{ image: '/images/lantern.png', spec: 'white', price: '12.50' },
      stock: { state: 'low', available: 3 },
      limits: { maximum: 2 },
    };
    expect(list).toMatchObject({ status: 200, body: { skus: [sku], next: null } });
    expect(list.body.skus[0]).toEqual(sku);
    expect(list.headers.get('cache-control')).toBe('private, no-store');
    expect((await read(`/v1/skus/${shown}`)).body).toEqual({ ...sku, variants: [] });
    for (const hidden of [off, gone, freshSkuId()]) {
      expect(await read(`/v1/skus/${hidden}`)).toMatchObject({
        status: 404,
        body: { code: 'SKU_NOT_FOUND', errors: [{ code: 'SKU_NOT_FOUND', skuId: hidden }] },
      });
    }
    await admin.patch(`/v1/admin/skus/${off}`, { status: 'on' });
    expect((await read(`/v1/skus/${off}`)).status).toBe(200);
    expect((await read(`/v1/skus?shopId=${shopId}`)).body.skus).toHaveLength(2);
  });

  it('pages by its cursor', async () => {
    const shopId = shopOfItsOwn();
    const ids = await api.skus(...Array.from({ length: 120 }, () => ({ shopId })));
    const pages: string[][] = [];
    for (let next: string | null = ''; next !== null;) {
      const { body }: Answer<Page> = await read(`/v1/skus?shopId=${shopId}${next && `&cursor=${next}`}`);
      pages.push(body.skus.map((sku) => sku.skuId));
      next = body.next;
    }
    expect(pages.map((page) => page.length)).toEqual([50, 50, 20]);
    expect(pages.flat()).toEqual(ids.sort((a, b) => Number(a) - Number(b)));
  });

  it('searches names and codes, and names the variants of a product', async () => {
    const shopId = shopOfItsOwn();
    const spuId = freshSkuId();
    const [red, blue] = await api.skus(
      { shopId, spuId, name: 'Кружка 100% red', skuCode: `MUG-a-${shopId}` },
      { shopId, spuId, name: '马克杯 blue', skuCode: `MUG-b-${shopId}` },
      { shopId, spuId, name: 'off', status: 'off' },
    );
    const search = async (q: string) => {
      const { body }: Answer<Page> = await read(`/v1/skus?shopId=${shopId}&q=${encodeURIComponent(q)}`);
      return body.skus.map((sku) => sku.skuId);
    };
    expect(await search('克杯')).toEqual([blue]);
    expect(await search('0% R')).toEqual([red]);
    expect(await search('mug-A')).toEqual([red]);
    expect(await search('%')).toEqual([red]);
    expect((await search('  ')).length).toBe(2);
    expect((await search("' OR 1=1 --")).length).toBe(0);
    const one = (await read(`/v1/skus/${red}`)).body;
    expect(one.variants).toMatchObject([{ skuId: blue, spuId, name: '马克杯 blue', price: '3.39' }]);
    expect((await read(`/v1/skus?spuId=${spuId}`)).body.skus).toHaveLength(2);
  });

  it.each([
    ['q', `q=${'x'.repeat(101)}`],
    ['q', 'q=a%00b'],
    ['q', 'q=a&q=b'],
    ['shopId', 'shopId='],
    ['shopId', 'shopId=07'],
    ['spuId', 'spuId=9223372036854775808'],
    ['cursor', 'cursor=abc'],
    ['cursor', 'cursor=-1'],
    ['page', 'page=2'],
  ])('refuses a wrong %s: ?%s', async (field, query) => {
    expect(await read(`/v1/skus?${query}`)).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED', errors: [{ field }] },
    });
  });

  it('refuses an id that is none, and takes the longest text', async () => {
    expect(await read('/v1/skus/abc')).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect((await read(`/v1/skus?q=${encodeURIComponent('灯'.repeat(100))}`)).status).toBe(200);
  });

  it('answers an operator as the document says', async () => {
    const [skuId] = await api.skus({ spuId: freshSkuId() });
    const { status, body } = await admin.patch(`/v1/admin/skus/${skuId}`, { price: '7.00', status: 'off' });
    expect(status).toBe(200);
    const document = (await read('/docs/openapi.json')).body;
    const { properties, required } = document.components.schemas.AdminSkuDto;
    expect(Object.keys(body).sort()).toEqual(Object.keys(properties).sort());
    expect(Object.keys(body).sort()).toEqual([...required].sort());
    expect(Object.keys(document.paths[`/v1/admin/skus/{skuId}`].delete.responses)).toContain('204');
    expect((await admin.delete(`/v1/admin/skus/${skuId}`)).status).toBe(204);
  });
});
