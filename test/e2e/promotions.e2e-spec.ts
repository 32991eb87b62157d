import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { OwnDatabase } from '../support/own-database.js';
import { freshCode } from '../support/pricing.js';
import { RedisServer } from '../support/redis-server.js';
import { freshSkuId } from '../support/services.js';

const PROMOTIONS = '/v1/admin/promotions';

let database: OwnDatabase;
let redis: RedisServer;
let apps: AppProcess[];
let api: Api;
let other: Api;
let admin: Shopper;

/** Promotions may be about every cart: these instances share their servers with no other test. */
beforeAll(async () => {
  database = await OwnDatabase.create();
  redis = await RedisServer.start();
  const settings = { DATABASE_URL: database.url, REDIS_URL: redis.url, TRANSPORT: 'in-process' };
  apps = await Promise.all([AppProcess.start(settings), AppProcess.start(settings)]);
  [api, other] = apps.map((app) => new Api(app.url)) as [Api, Api];
  admin = await api.admin();
});
afterAll(async () => {
  await Promise.all(apps.map((app) => app.stop()));
  await redis.stop();
  await database.drop();
});

const freshShop = freshSkuId;

/** 满500减100 of a shop of its own, unless told otherwise; returns what was sent. */
async function promote(overrides: Record<string, unknown> = {}) {
  const promotion = {
    promotionId: freshCode('p'),
    label: '满500减100',
    kind: 'full_reduction',
    tiers: [{ threshold: '500.00', discount: '100.00' }],
    scope: { shopId: '7' },
    ...overrides,
  };
  expect(await admin.put(PROMOTIONS, [promotion])).toMatchObject({ status: 200, body: { upserted: 1 } });
  return promotion;
}

const percentOff = (overrides: Record<string, unknown>) =>
  promote({ kind: 'percent_off', label: '15 % off', percentOff: '15', tiers: undefined, ...overrides });
const off = (promotion: { promotionId: string }) => promote({ ...promotion, status: 'off' });

/** A user with these in the cart, first the oldest. */
async function withCart(...lines: [skuId: string, quantity: number][]): Promise<Shopper> {
  const user = await api.login();
  for (const [skuId, quantity] of lines) expect((await user.add(skuId, quantity)).status).toBe(201);
  return user;
}

describe('promotions in the cart', () => {
  it('show the gap of 满500减100, then the discount, in every answer', async () => {
    const shopId = freshShop();
    const [cheap, dear] = (await api.skus({ shopId, price: 23_100 }, { shopId, price: 3_800 })) as [string, string];
    const { promotionId } = await promote({ scope: { shopId } });
    const hint = { id: promotionId, kind: 'full_reduction', label: '满500减100' };

    const user = await api.login();
    const added = (await user.add(cheap, 2)).body;
    expect(added.groups[0].promotions).toEqual([{ ...hint, reached: false, gap: '38.00', discount: '0.00' }]);
    expect(added.totals).toEqual({
      ...{ skus: 1, quantity: 2, goods: '462.00', promotionDiscount: '0.00', couponDiscount: '0.00' },
      ...{ payable: '462.00', gifts: [] },
    });
    const reached = (await user.add(dear)).body;
    expect(reached.groups).toMatchObject([{ promotions: [{ ...hint, reached: true, gap: null, discount: '100.00' }] }]);
    expect(reached.totals).toMatchObject({ goods: '500.00', promotionDiscount: '100.00', payable: '400.00' });
    expect(await user.cart()).toMatchObject({ totals: reached.totals, groups: reached.groups });
  });

  it('look at the selected items for a threshold, and show the whole gap when none is', async () => {
    const shopId = freshShop();
    const [a, b] = (await api.skus({ shopId, price: 46_200 }, { shopId, price: 10_000 })) as [string, string];
    await promote({ scope: { shopId } });
    const user = await withCart([a, 1], [b, 1]);
    const gapAfter = async (selection: object) =>
      (await user.put('/v1/cart/selection', selection)).body.groups[0].promotions[0];
    expect(await gapAfter({ scope: 'items', skuIds: [b], selected: false })).toMatchObject({
      reached: false,
      gap: '38.00',
    });
    expect(await gapAfter({ scope: 'all', selected: false })).toMatchObject({ reached: false, gap: '500.00' });
    expect(await gapAfter({ scope: 'all', selected: true })).toMatchObject({ reached: true, gap: null });
  });

  it('take the next tier, repeat a single one, and share a discount of several shops by their items', async () => {
    const [one, two] = [freshShop(), freshShop()];
    const skus = await api.skus({ shopId: one, price: 10_000 }, { shopId: two, price: 5_000 });
    const [a, b] = skus as [string, string];
    const tiers = [
      { threshold: '300.00', discount: '50.00' },
      { threshold: '100.00', discount: '10.00' },
    ];
    const promotion = await promote({ scope: { skuIds: skus }, tiers });
    const user = await withCart([a, 1], [b, 1]);
    const { groups, totals } = await user.cart();
    expect(totals).toMatchObject({ goods: '150.00', promotionDiscount: '10.00', payable: '140.00' });
    expect(groups.map(({ id, promotions: [shown] }) => [id, shown!.reached, shown!.gap, shown!.discount])).toEqual([
      [two, true, '150.00', '3.33'],
      [one, true, '150.00', '6.67'],
    ]);
    const repeated = { tiers: [{ threshold: '60.00', discount: '7.00' }], repeat: 'every' };
    await promote({ ...promotion, ...repeated });
    expect((await user.cart()).totals).toMatchObject({ promotionDiscount: '14.00', payable: '136.00' });
    await off(promotion);
    expect(await user.cart()).toMatchObject({
      totals: { promotionDiscount: '0.00' },
      groups: [{ promotions: [] }, {}],
    });
  });

  it('take the best of the offers on an item, and then a reduction on what is left', async () => {
    const shopId = freshShop();
    const [a, b] = (await api.skus({ shopId, price: 10_000 }, { shopId, price: 10_000 })) as [string, string];
    await percentOff({ scope: { skuIds: [a] }, percentOff: '12.5' });
    await promote({ scope: { skuIds: [a] }, kind: 'fixed_price', label: 'now 80', price: '80.00', tiers: undefined });
    await promote({
      scope: { skuIds: [b] },
      kind: 'nth_item',
      label: '2nd half',
      n: 2,
      percentOff: '50',
      tiers: undefined,
    });
    await promote({ scope: { shopId }, tiers: [{ threshold: '230.00', discount: '30.00' }] });
    const user = await withCart([a, 1], [b, 2]);
    const { totals, groups } = await user.cart();
    // 80.00 + 150.00 = 230.00, then 30.00 off.
    expect(totals).toMatchObject({ goods: '300.00', promotionDiscount: '100.00', payable: '200.00' });
    expect(groups[0]!.promotions.map(({ kind, discount }) => [kind, discount]).sort()).toEqual([
      ['fixed_price', '20.00'],
      ['full_reduction', '30.00'],
      ['nth_item', '50.00'],
    ]);
  });

  it('give what a threshold gives while there is stock of it', async () => {
    const shopId = freshShop();
    const [a, gift] = (await api.skus({ shopId, price: 6_000 }, { shopId, stock: 2 })) as [string, string];
    const terms = { kind: 'full_gift', label: '满100赠', threshold: '100.00', tiers: undefined };
    const { promotionId } = await promote({ ...terms, scope: { shopId }, gift: { skuId: gift, quantity: 3 } });
    const user = await withCart([a, 1]);
    expect(await user.cart()).toMatchObject({
      totals: { gifts: [] },
      groups: [{ promotions: [{ gap: '40.00', gift: { skuId: gift, quantity: 3 } }] }],
    });
    expect((await user.add(a, 1)).body.totals.gifts).toEqual([{ promotionId, skuId: gift, quantity: 2 }]);
    await admin.patch(`/v1/admin/skus/${gift}`, { stock: 0 });
    expect((await user.cart()).totals.gifts).toEqual([]);
  });

  it('A7: give no hint at a gift that is out of stock, and warn once it is reached', async () => {
    const shopId = freshShop();
    const [a, gift] = (await api.skus({ shopId, price: 6_000 }, { shopId, stock: 1 })) as [string, string];
    const terms = { kind: 'full_gift', label: '满100赠', tiers: undefined, scope: { shopId } };
    const { promotionId } = await promote({ ...terms, threshold: '100.00', gift: { skuId: gift, quantity: 1 } });
    const user = await withCart([a, 1]);
    const hints = async () => (await user.cart()).groups[0]!.promotions.map(({ id, gap }) => [id, gap]);
    const closers = async () => (await user.get(`/v1/cart/recommendations?promotionId=${promotionId}`)).body;
    expect(await hints()).toEqual([[promotionId, '40.00']]);
    for (const fault of [{ stock: 0 }, { stock: 1, status: 'off' }]) {
      await admin.patch(`/v1/admin/skus/${gift}`, fault);
      expect(await hints()).toEqual([[promotionId, null]]);
      expect(await closers()).toMatchObject({ items: [], gap: null });
      expect((await user.cart()).warnings).toEqual([]);
    }
    const { body } = await user.add(a, 1);
    expect(body).toMatchObject({
      totals: { gifts: [] },
      groups: [{ promotions: [{ id: promotionId, reached: true, gap: null }] }],
      warnings: [
        {
          code: 'GIFT_UNAVAILABLE',
          target: { promotionId, skuId: gift },
          data: { promotionId, skuId: gift },
        },
      ],
    });
    const preview = (asked = {}) => user.post('/v1/cart/checkout/preview', asked);
    expect((await preview()).body).toMatchObject({ gifts: [], requirements: [], warnings: body.warnings });
    expect((await preview({ declineGifts: [promotionId] })).body.warnings).toEqual([]);
    await admin.patch(`/v1/admin/skus/${gift}`, { status: 'on' });
    expect(await user.cart()).toMatchObject({
      totals: { gifts: [{ skuId: gift }] },
      warnings: [],
    });
  });

  it('A7: hint at the next gift that is there when the first is not', async () => {
    const shopId = freshShop();
    const [a, none, some] = (await api.skus({ shopId, price: 6_000 }, { stock: 0 }, {})) as [string, string, string];
    const terms = { kind: 'full_gift', label: 'gift', tiers: undefined, scope: { shopId } };
    await promote({ ...terms, priority: 2, threshold: '100.00', gift: { skuId: none, quantity: 1 } });
    const { promotionId } = await promote({ ...terms, threshold: '200.00', gift: { skuId: some, quantity: 1 } });
    const user = await withCart([a, 1]);
    expect((await user.cart()).groups[0]!.promotions).toMatchObject([{ id: promotionId, gap: '140.00' }]);
  });

  it('A7: name a gift that is gone only when they are switched off', async () => {
    const [gift] = (await api.skus({})) as [string];
    await admin.delete(`/v1/admin/skus/${gift}`);
    const terms = { promotionId: freshCode('p'), label: 'gift', kind: 'full_gift', threshold: '1.00' };
    const promotion = { ...terms, scope: { shopId: freshShop() }, gift: { skuId: gift, quantity: 1 } };
    expect(await admin.put(PROMOTIONS, [promotion])).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED', errors: [{ field: '[0].gift.skuId' }] },
    });
    expect((await admin.put(PROMOTIONS, [{ ...promotion, status: 'off' }])).status).toBe(200);
  });

  it('begin and end by their times', async () => {
    const shopId = freshShop();
    const [a] = (await api.skus({ shopId, price: 10_000 })) as [string];
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    const promotion = await percentOff({ scope: { shopId }, startsAt: at(3_600_000) });
    const user = await withCart([a, 1]);
    const discount = async () => (await user.cart()).totals.promotionDiscount;
    expect(await discount()).toBe('0.00');
    await percentOff({ ...promotion, startsAt: at(-1_000), endsAt: at(3_600_000) });
    expect(await discount()).toBe('15.00');
    await percentOff({ ...promotion, startsAt: at(-1_000), endsAt: at(1_500) });
    await eventually(async () => expect(await discount()).toBe('0.00'), { timeoutMs: 10_000 });
  });

  it('are the same at another instance within a second, and those of a whole platform reach a guest', async () => {
    const [a] = (await api.skus({ price: 10_000 })) as [string];
    const promotion = await percentOff({ scope: { platform: true } });
    const guest = await api.guest();
    expect((await guest.add(a)).body.totals.payable).toBe('85.00');
    await eventually(async () => expect((await guest.at(other).cart()).totals.payable).toBe('85.00'), {
      timeoutMs: 5_000,
    });
    await off(promotion);
    expect((await guest.cart()).totals.payable).toBe('100.00');
  });

  it('group the items that join them, and those without one, in the order of the newest item of each', async () => {
    const shopId = freshShop();
    const price = { shopId, price: 10_000 };
    const skus = await api.skus(price, price, price, price, { shopId, status: 'off' });
    const [a, b, c, d] = skus as [string, string, string, string];
    const reduction = await promote({ label: 'two of these', scope: { skuIds: [a, c] } });
    const offer = await percentOff({ label: 'this one', scope: { skuIds: [b] } });
    const user = await withCart([a, 1], [b, 1], [d, 1], [c, 1]);
    await user.patch(`/v1/cart/items/${b}`, { selected: false });
    const { body } = await user.get('/v1/cart?group=promotion');
    expect(body.groups).toMatchObject([
      { kind: 'promotion', id: reduction.promotionId, name: 'two of these', skuIds: [c, a], selection: 'all' },
      { kind: 'promotion', id: '', name: '', skuIds: [d], selection: 'all', promotions: [] },
      { kind: 'promotion', id: offer.promotionId, name: 'this one', skuIds: [b], selection: 'none' },
    ]);
    expect(body.groups[0].promotions).toMatchObject([{ id: reduction.promotionId, reached: false, gap: '300.00' }]);
    expect(body.groups[2].promotions).toMatchObject([{ id: offer.promotionId, reached: false, gap: null }]);
    expect((await user.get('/v1/cart?group=none')).body.groups).toEqual([]);
  });
});

describe('GET and PUT /v1/admin/promotions', () => {
  it('read back what was put, the last of an id, page by page', async () => {
    const id = freshCode('zz');
    const terms = { promotionId: id, label: 'a', kind: 'percent_off', percentOff: '12.05', scope: { platform: true } };
    const put = await admin.put(PROMOTIONS, [
      { ...terms, label: 'first' },
      { ...terms, status: 'off' },
    ]);
    expect(put).toMatchObject({ status: 200, body: { upserted: 1 } });
    const all: any[] = [];
    for (let cursor = ''; ;) {
      const { body } = await admin.get(`${PROMOTIONS}${cursor && `?cursor=${cursor}`}`);
      all.push(...body.promotions);
      if (body.next === null) break;
      cursor = body.next;
    }
    expect(all.find(({ promotionId }) => promotionId === id)).toEqual({
      ...{ ...terms, status: 'off', priority: 0, startsAt: null, endsAt: null },
    });
    const some = all.slice(0, 100);
    expect(await admin.put(PROMOTIONS, some)).toMatchObject({ status: 200, body: { upserted: some.length } });
    expect(await admin.put(PROMOTIONS, [])).toMatchObject({ status: 200, body: { upserted: 0 } });
  });

  it('take 64 KB at most, as nearly every route does', async () => {
    const terms = { promotionId: 'p', label: 'a', kind: 'percent_off', percentOff: '1', scope: { platform: true } };
    for (const route of [PROMOTIONS, '/v1/admin/coupons']) {
      const answer = await admin.put(route, Array<object>(1_000).fill(terms));
      expect(answer).toMatchObject({ status: 413, body: { code: 'PAYLOAD_TOO_LARGE' } });
    }
  });

  it('take tiers in any order, and give them back from the lowest on', async () => {
    const [low, middle, high] = ['5.00', '50.00', '500.00'].map((threshold) => ({ threshold, discount: '1.00' }));
    const promotionId = freshCode('zz');
    const terms = { promotionId, label: 'a', kind: 'full_reduction', scope: { shopId: freshShop() }, status: 'off' };
    expect((await admin.put(PROMOTIONS, [{ ...terms, tiers: [middle, high, low] }])).status).toBe(200);
    const { body } = await admin.get(`${PROMOTIONS}?cursor=${promotionId.slice(0, -1)}`);
    expect(body.promotions[0]).toMatchObject({ promotionId, tiers: [low, middle, high] });
  });

  const good = { promotionId: 'bad', label: 'x', scope: { shopId: '7' } };
  const percent = { ...good, kind: 'percent_off', percentOff: '15' };
  const tiers = (...amounts: [string, string][]) => ({
    ...good,
    kind: 'full_reduction',
    tiers: amounts.map(([threshold, discount]) => ({ threshold, discount })),
  });
  const gift = { ...good, kind: 'full_gift', threshold: '1.00', gift: { skuId: '1', quantity: 1 } };
  it.each([
    ['[0].kind', good],
    ['[0].kind', { ...percent, kind: 'toString' }],
    ['[0].kind', null],
    ['[0].percentOff', { ...percent, percentOff: '0' }],
    ['[0].percentOff', { ...percent, percentOff: '0.00' }],
    ['[0].percentOff', { ...percent, percentOff: '100.01' }],
    ['[0].percentOff', { ...percent, percentOff: '12.555' }],
    ['[0].percentOff', { ...percent, percentOff: 15 }],
    ['[0].percentOff', { ...percent, percentOff: '015' }],
    ['[0].price', { ...percent, price: '1.00' }],
    ['[0].promotionId', { ...percent, promotionId: 'a b' }],
    ['[0].promotionId', { ...percent, promotionId: 'x'.repeat(65) }],
    ['[0].label', { ...percent, label: '' }],
    ['[0].label', { ...percent, label: 'x'.repeat(256) }],
    ['[0].priority', { ...percent, priority: 1.5 }],
    ['[0].status', { ...percent, status: 'gone' }],
    ['[0].scope', { ...percent, scope: {} }],
    ['[0].scope', { ...percent, scope: { platform: true, shopId: '7' } }],
    ['[0].scope.platform', { ...percent, scope: { platform: false } }],
    ['[0].scope.skuIds', { ...percent, scope: { skuIds: [] } }],
    ['[0].scope.skuIds', { ...percent, scope: { skuIds: [7] } }],
    ['[0].scope.spuId', { ...percent, scope: { spuId: '7' } }],
    ['[0].scope', { ...percent, scope: [] }],
    ['[0].scope', { ...percent, scope: undefined }],
    ['[0].endsAt', { ...percent, startsAt: '2027-01-02T00:00:00Z', endsAt: '2027-01-02T00:00:00Z' }],
    ['[0].startsAt', { ...percent, startsAt: '1969-12-31T00:00:00Z' }],
    ['[0].startsAt', { ...percent, startsAt: '2027-02-30T00:00:00Z' }],
    ['[0].tiers', tiers()],
    ['[0].tiers[2].threshold', tiers(['5.00', '1.00'], ['6.00', '2.00'], ['5.00', '2.00'])],
    // A12: who pays for more must not get less off.
    ['[0].tiers[1].discount', tiers(['100.00', '30.00'], ['200.00', '20.00'])],
    ['[0].tiers[0].discount', tiers(['200.00', '20.00'], ['100.00', '30.00'])],
    ['[0].tiers[2].discount', tiers(['5.00', '1.00'], ['6.00', '2.00'], ['7.00', '1.99'], ['8.00', '3.00'])],
    // A7: what is not in the catalogue cannot be given.
    ['[0].gift.skuId', { ...gift, gift: { skuId: '9223372036854775807', quantity: 1 } }],
    ['[0].tiers[0].threshold', tiers(['5', '1.00'])],
    ['[0].tiers[0].discount', tiers(['5.00', '0.00'])],
    ['[0].tiers', { ...tiers(['5.00', '1.00'], ['6.00', '2.00']), repeat: 'every' }],
    ['[0].repeat', { ...tiers(['5.00', '1.00']), repeat: 'twice' }],
    ['[0].tiers', { ...tiers(), tiers: ['5.00'] }],
    ['[0].threshold', { ...gift, threshold: '0.00' }],
    ['[0].gift.skuId', { ...gift, gift: { skuId: 'x', quantity: 1 } }],
    ['[0].gift.quantity', { ...gift, gift: { skuId: '1', quantity: 0 } }],
    ['[0].gift', { ...gift, gift: undefined }],
    ['[0].price', { ...good, kind: 'fixed_price', price: '-1.00' }],
    ['[0].n', { ...good, kind: 'nth_item', n: 0, percentOff: '50' }],
  ])('refuse a fault at %s, and keep nothing of the call', async (field, entry) => {
    const { status, body } = await admin.put(PROMOTIONS, [entry, { ...percent, promotionId: 'not-kept' }]);
    expect({ status, code: body.code, field: body.errors[0].field }).toEqual({
      ...{ status: 400, code: 'VALIDATION_FAILED', field },
    });
    const { body: page } = await admin.get(`${PROMOTIONS}?cursor=not-kep`);
    expect((page.promotions as any[]).some(({ promotionId }) => promotionId === 'not-kept')).toBe(false);
  });

  it('take at most 1,000, from administrators alone', async () => {
    const tooMany = [{ field: '', message: 'must hold at most 1000 entries' }];
    expect((await admin.put(PROMOTIONS, Array<object>(1_001).fill({}))).body.errors).toMatchObject(tooMany);
    expect((await admin.put(PROMOTIONS, Array<object>(1_000).fill({}))).body.errors).not.toMatchObject(tooMany);
    const many = Array.from({ length: 300 }, (_, i) => ({ ...percent, promotionId: `p${i}`, status: 'off' }));
    expect((await admin.put(PROMOTIONS, many)).body).toEqual({ upserted: 300 });
    const user = await api.login();
    expect((await user.put(PROMOTIONS, [])).status).toBe(403);
    expect((await user.get(PROMOTIONS)).status).toBe(403);
  });
});
