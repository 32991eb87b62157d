import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { checkout } from '../support/checkout.js';
import { OwnDatabase } from '../support/own-database.js';
import { freshCode } from '../support/pricing.js';
import { RedisServer } from '../support/redis-server.js';
import { freshSkuId, freshUserId } from '../support/services.js';

const COUPONS = '/v1/admin/coupons';

let database: OwnDatabase;
let redis: RedisServer;
let app: AppProcess;
let api: Api;
let admin: Shopper;

/** Coupons of the platform are offered to every cart: this instance shares its servers with no other test. */
beforeAll(async () => {
  database = await OwnDatabase.create();
  redis = await RedisServer.start();
  app = await AppProcess.start({ DATABASE_URL: database.url, REDIS_URL: redis.url, TRANSPORT: 'in-process' });
  api = new Api(app.url);
  admin = await api.admin();
});
afterAll(async () => {
  await app.stop();
  await redis.stop();
  await database.drop();
});

const freshShop = freshSkuId;
const soon = (ms: number) => new Date(Date.now() + ms).toISOString();
const idsOf = ({ coupons }: { coupons: any[] }): string[] => coupons.map(({ couponId }) => couponId);

/** 5.00 off from 20.00 on, unless told otherwise; returns its id. */
async function put(overrides: Record<string, unknown> = {}): Promise<string> {
  const terms = { couponId: freshCode('c'), label: 'five off', kind: 'fixed', amount: '5.00', threshold: '20.00' };
  const coupon = { ...terms, scope: { platform: true }, ...overrides };
  expect(await admin.put(COUPONS, [coupon])).toMatchObject({ status: 200, body: { upserted: 1 } });
  return coupon.couponId;
}

const grant = (couponId: string, userId: string, count?: number, headers = {}) =>
  admin.post(`${COUPONS}/${couponId}/grant`, { userId, count }, headers);

/** A user with one item of a shop of its own in the cart. */
async function shopperWith(price: number) {
  const shopId = freshShop();
  const [skuId] = (await api.skus({ shopId, price })) as [string];
  const user = await api.login();
  await user.add(skuId);
  return { user, shopId, skuId };
}

describe('POST /v1/admin/coupons/:couponId/grant', () => {
  it('adds up, once for a key, and a key means one grant', async () => {
    const [couponId, another, userId] = [await put(), await put(), freshUserId()];
    expect(await grant(couponId, userId)).toMatchObject({ status: 200, body: { couponId, userId, granted: 1 } });
    const key = { 'idempotency-key': freshCode('k') };
    const answers = await Promise.all(Array.from({ length: 8 }, () => grant(couponId, userId, 3, key)));
    for (const { status, body } of answers) {
      if (status === 200) expect(body).toEqual({ couponId, userId, granted: 4 });
      else expect(body.code).toBe('IDEMPOTENCY_IN_PROGRESS');
    }
    const repeat = await grant(couponId, userId, 3, key);
    expect([repeat.body.granted, repeat.headers.get('idempotent-replayed')]).toEqual([4, 'true']);
    expect((await grant(couponId, userId, 4, key)).body.code).toBe('IDEMPOTENCY_KEY_REUSED');
    expect((await grant(another, userId, 3, key)).body).toMatchObject({ couponId: another, granted: 3 });
    const { body } = await (await api.login(userId)).get('/v1/coupons');
    expect((body.coupons as any[]).map(({ couponId, left }) => [couponId, left]).sort()).toEqual(
      [
        [couponId, 4],
        [another, 3],
      ].sort(),
    );
  });

  it('refuses a coupon that is none, and what makes no sense', async () => {
    const userId = freshUserId();
    expect(await grant('no-such', userId)).toMatchObject({
      status: 404,
      body: { code: 'COUPON_NOT_FOUND', errors: [{ code: 'COUPON_NOT_FOUND', couponId: 'no-such' }] },
    });
    const couponId = await put();
    for (const body of [{}, { userId: 7 }, { userId, count: 0 }, { userId, count: '2' }, { userId, more: 1 }]) {
      expect((await admin.post(`${COUPONS}/${couponId}/grant`, body)).status).toBe(400);
    }
    expect((await admin.post(`${COUPONS}/a%20b/grant`, { userId })).status).toBe(400);
    expect((await (await api.login()).post(`${COUPONS}/${couponId}/grant`, { userId })).status).toBe(403);
  });
});

describe('GET and PUT /v1/admin/coupons', () => {
  it('read back what was put', async () => {
    const couponId = await put({ couponId: freshCode('zz'), kind: 'percent', amount: undefined, percentOff: '12.5' });
    const before = couponId.slice(0, -1);
    const { body } = await admin.get(`${COUPONS}?cursor=${before}`);
    expect(body.coupons[0]).toEqual({
      ...{ couponId, label: 'five off', kind: 'percent', percentOff: '12.5', cap: null, threshold: '20.00' },
      ...{ scope: { platform: true }, startsAt: null, endsAt: null, status: 'on' },
    });
    expect((await admin.put(COUPONS, body.coupons)).status).toBe(200);
    await put({ couponId, status: 'off' });
  });

  const fixed = {
    couponId: 'bad',
    label: 'x',
    kind: 'fixed',
    amount: '1.00',
    threshold: '0.00',
    scope: { shopId: '7' },
  };
  const percent = { ...fixed, kind: 'percent', amount: undefined, percentOff: '15' };
  it.each([
    ['[0].kind', { ...fixed, kind: 'gift' }],
    ['[0].kind', 7],
    ['[0].amount', { ...fixed, amount: '0.00' }],
    ['[0].amount', { ...fixed, amount: 1 }],
    ['[0].threshold', { ...fixed, threshold: undefined }],
    ['[0].couponId', { ...fixed, couponId: '' }],
    ['[0].cap', { ...fixed, cap: '1.00' }],
    ['[0].cap', { ...percent, cap: '0.00' }],
    ['[0].percentOff', { ...percent, percentOff: '101' }],
    ['[0].amount', { ...percent, amount: '1.00' }],
    ['[0].scope', { ...fixed, scope: { shopId: '7', skuIds: ['1'] } }],
    ['[0].endsAt', { ...fixed, startsAt: '2027-01-02T00:00:00Z', endsAt: '2027-01-01T00:00:00Z' }],
  ])('refuse a fault at %s', async (field, entry) => {
    const { status, body } = await admin.put(COUPONS, [entry]);
    expect({ status, code: body.code, field: body.errors[0].field }).toEqual({
      ...{ status: 400, code: 'VALIDATION_FAILED', field },
    });
  });
});

describe('GET /v1/coupons', () => {
  it('says of each whether it is usable or why not, and the best set', async () => {
    const { user, shopId } = await shopperWith(10_000);
    const scope = { shopId };
    const [shop, less, platform, high, early, late, off, elsewhere, used] = await Promise.all([
      put({ scope, amount: '30.00' }),
      put({ scope, kind: 'percent', amount: undefined, percentOff: '15', cap: '10.00' }),
      put({ amount: '5.00' }),
      put({ threshold: '138.00' }),
      put({ startsAt: soon(3_600_000) }),
      put({ endsAt: soon(-1_000) }),
      put({ status: 'off' }),
      put({ scope: { shopId: freshShop() } }),
      put(),
    ]);
    for (const id of [shop, less, platform, high, early, late, off, elsewhere, used]) await grant(id, user.id);
    const { body } = await user.get('/v1/coupons');
    const shown = Object.fromEntries(
      (body.coupons as any[]).map(({ couponId, usable, reason, gap, discount }) => [
        couponId,
        [usable, reason, gap, discount],
      ]),
    );
    expect(shown).toMatchObject({
      [shop]: [true, undefined, undefined, '30.00'],
      [less]: [true, undefined, undefined, '10.00'],
      [platform]: [true, undefined, undefined, '5.00'],
      [high]: [false, 'THRESHOLD_NOT_MET', '38.00', undefined],
      [early]: [false, 'NOT_STARTED', undefined, undefined],
      [late]: [false, 'EXPIRED', undefined, undefined],
      [off]: [false, 'EXPIRED', undefined, undefined],
      [elsewhere]: [false, 'SCOPE_EMPTY', undefined, undefined],
    });
    expect(body.best.discount).toBe('35.00');
    expect(body.best.couponIds).toContain(shop);
    expect((body.coupons as any[]).find(({ couponId }) => couponId === less)).toMatchObject({
      ...{ label: 'five off', kind: 'percent', percentOff: '15', cap: '10.00', threshold: '20.00', scope, left: 1 },
    });
  });

  it('has nothing for a guest', async () => {
    const guest = await api.guest();
    expect((await guest.get('/v1/coupons')).body).toEqual({ coupons: [], best: { couponIds: [], discount: '0.00' } });
    expect((await guest.post(`/v1/coupons/${await put()}/claim`)).status).toBe(401);
    expect((await guest.get('/v1/coupons?claimable=maybe')).status).toBe(400);
  });
});

describe('a coupon that takes nothing off', () => {
  const onePercent = { kind: 'percent', amount: undefined, percentOff: '1', threshold: '0.00' };

  it('A5: is not usable, is warned about in the cart, and is in no best set', async () => {
    const { user, shopId } = await shopperWith(10);
    const couponId = await put({ ...onePercent, scope: { shopId } });
    const { body: claimable } = await user.get('/v1/coupons?claimable=true');
    expect((claimable.coupons as any[]).find((one) => one.couponId === couponId)).toMatchObject({
      ...{ usable: false, reason: 'NO_DISCOUNT' },
    });
    await grant(couponId, user.id);
    const { body } = await user.get('/v1/coupons');
    expect(body.coupons).toMatchObject([{ couponId, usable: false, reason: 'NO_DISCOUNT', left: 1 }]);
    expect(body.coupons[0]).not.toHaveProperty('discount');
    expect(body.best).toEqual({ couponIds: [], discount: '0.00' });
    expect((await user.get(`/v1/cart?coupons=${couponId}`)).body).toMatchObject({
      totals: { couponDiscount: '0.00', coupons: [] },
      warnings: [{ code: 'NO_DISCOUNT', target: { couponId }, data: {} }],
    });
    expect((await user.get('/v1/cart?coupons=best')).body.totals.coupons).toEqual([]);
  });

  it.each([
    ['that rounds to nothing', 10, onePercent],
    ['on what costs nothing', 0, { threshold: '0.00' }],
  ])('A5: %s is left out of preview and order, and not spent', async (_, price, terms) => {
    const { user } = await shopperWith(price);
    const couponId = await put(terms);
    await grant(couponId, user.id);
    for (const couponIds of [[couponId], 'best']) {
      const { body } = await user.post('/v1/cart/checkout/preview', { couponIds });
      expect(body).toMatchObject({ couponIds: [], requirements: [], totals: { couponDiscount: '0.00' } });
    }
    const order = await checkout(user, { couponIds: [couponId] });
    expect(order).toMatchObject({ status: 201, body: { couponIds: [], totals: { couponDiscount: '0.00' } } });
    expect((await user.get('/v1/coupons')).body.coupons).toMatchObject([{ couponId, left: 1 }]);
  });

  it('A5: makes room for the other coupon of its shop, and is left out when another one takes all there is', async () => {
    const { user, shopId } = await shopperWith(10);
    const [none, all, platform] = [
      await put({ ...onePercent, scope: { shopId } }),
      await put({ scope: { shopId }, threshold: '0.00' }),
      await put({ threshold: '0.00' }),
    ];
    for (const couponId of [none, all, platform]) await grant(couponId, user.id);
    const order = await checkout(user, { couponIds: [none, platform, all] });
    expect(order).toMatchObject({ status: 201, body: { couponIds: [all], totals: { payable: '0.00' } } });
    const left = Object.fromEntries(
      ((await user.get('/v1/coupons')).body.coupons as any[]).map((one) => [one.couponId, one.left]),
    );
    expect(left).toEqual({ [none]: 1, [all]: 0, [platform]: 1 });
  });
});

describe('claiming', () => {
  it('offers what is about the shops and SKUs of the cart, until it is claimed', async () => {
    const { user, shopId, skuId } = await shopperWith(10_000);
    const [ofShop, ofSku, ofPlatform, elsewhere, off] = await Promise.all([
      put({ scope: { shopId } }),
      put({ scope: { skuIds: [skuId, '1'] }, amount: '7.00' }),
      put(),
      put({ scope: { shopId: freshShop() } }),
      put({ scope: { shopId }, status: 'off' }),
    ]);
    await user.put('/v1/cart/selection', { scope: 'all', selected: false });
    const offered = async (who = user) => idsOf((await who.get('/v1/coupons?claimable=true')).body);
    expect(await offered()).toEqual(expect.arrayContaining([ofShop, ofSku, ofPlatform]));
    await user.put('/v1/cart/selection', { scope: 'all', selected: true });
    const { body } = await user.get('/v1/coupons?claimable=true');
    expect(body.coupons[0]).toMatchObject({ couponId: ofSku, usable: true, discount: '7.00' });
    expect(idsOf(body).filter((id) => [elsewhere, off].includes(id))).toEqual([]);
    expect(await offered(await api.guest())).toContain(ofPlatform);

    const claimed = await user.post(`/v1/coupons/${ofShop}/claim`);
    expect(claimed).toMatchObject({ status: 200, body: { coupons: [{ couponId: ofShop, usable: true, left: 1 }] } });
    expect(claimed.body).toEqual((await user.get('/v1/coupons')).body);
    expect(await offered()).not.toContain(ofShop);
  });

  it('is done once by 20 at the same time, a second claim is without effect, and a foreign one 404', async () => {
    const [user, couponId] = [await api.login(), await put()];
    const all = await Promise.all(Array.from({ length: 20 }, () => user.post(`/v1/coupons/${couponId}/claim`)));
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]));
    expect((await user.post(`/v1/coupons/${couponId}/claim`)).body.coupons).toMatchObject([{ couponId, left: 1 }]);
    for (const id of ['no-such', await put({ status: 'off' }), await put({ endsAt: soon(-1_000) })]) {
      expect(await user.post(`/v1/coupons/${id}/claim`)).toMatchObject({
        status: 404,
        body: { code: 'COUPON_NOT_FOUND', errors: [{ couponId: id }] },
      });
    }
  });
});

describe('GET /v1/cart?coupons=', () => {
  const totals = async (who: Shopper, coupons: string) => (await who.get(`/v1/cart?coupons=${coupons}`)).body.totals;

  it('puts the best set into the totals, or those that are named, or none', async () => {
    const { user, shopId } = await shopperWith(10_000);
    const [shop, platform] = [await put({ scope: { shopId }, amount: '30.00' }), await put({ threshold: '60.00' })];
    await Promise.all([grant(shop, user.id), grant(platform, user.id)]);
    expect(await totals(user, 'best')).toMatchObject({
      ...{ goods: '100.00', couponDiscount: '35.00', payable: '65.00' },
      coupons: [
        { couponId: shop, discount: '30.00' },
        { couponId: platform, discount: '5.00' },
      ],
    });
    expect(await totals(user, platform)).toMatchObject({ couponDiscount: '5.00', payable: '95.00' });
    expect(await totals(user, `${platform},${shop},${shop}`)).toMatchObject({ payable: '65.00' });
    expect(await totals(user, 'none')).toEqual((await user.cart()).totals);
    expect((await user.cart()).totals).not.toHaveProperty('coupons');
  });

  it('leaves out what brings nothing now, and says why', async () => {
    const { user, shopId, skuId } = await shopperWith(10_000);
    const [good, high, late] = [
      await put({ scope: { shopId } }),
      await put({ threshold: '138.00' }),
      await put({ endsAt: soon(-1_000) }),
    ];
    await Promise.all([good, high, late].map((id) => grant(id, user.id)));
    const ask = async (ids: string[]) => (await user.get(`/v1/cart?coupons=${ids.join()}`)).body;
    const { totals, warnings } = await ask([good, high, late]);
    expect(totals).toMatchObject({ couponDiscount: '5.00', coupons: [{ couponId: good }] });
    expect(warnings).toHaveLength(2);
    // The shop's coupon goes first.
    expect(warnings).toContainEqual({ code: 'THRESHOLD_NOT_MET', target: { couponId: high }, data: { gap: '43.00' } });
    expect(warnings).toContainEqual({ code: 'EXPIRED', target: { couponId: late }, data: {} });
    await user.patch(`/v1/cart/items/${skuId}`, { selected: false });
    expect(await ask([good])).toMatchObject({
      totals: { couponDiscount: '0.00', coupons: [] },
      warnings: [{ code: 'SCOPE_EMPTY', target: { couponId: good }, data: {} }],
    });
  });

  it('refuses what is not owned with 404, too many of a shop with 409', async () => {
    const { user, shopId } = await shopperWith(10_000);
    const [one, two] = [await put({ scope: { shopId } }), await put({ scope: { shopId }, amount: '9.00' })];
    await Promise.all([one, two].map((id) => grant(id, user.id)));
    expect(await user.get(`/v1/cart?coupons=${one},no-such`)).toMatchObject({
      status: 404,
      body: { code: 'COUPON_NOT_FOUND', errors: [{ code: 'COUPON_NOT_FOUND', couponId: 'no-such' }] },
    });
    expect(await user.get(`/v1/cart?coupons=${one},${two}`)).toMatchObject({
      status: 409,
      body: { code: 'CHECKOUT_REJECTED', errors: [{ reason: 'COUPON_CONFLICT', couponId: one }] },
    });
    for (const bad of ['', 'a,,b', 'a b', `${'x,'.repeat(20)}x`]) {
      expect((await user.get(`/v1/cart?coupons=${bad}`)).status).toBe(400);
    }
  });

  it('never refuses a change over its coupons: its answer leaves out those that cannot be used', async () => {
    const { user, skuId } = await shopperWith(10_000);
    const [good, high] = [await put(), await put({ threshold: '500.00', amount: '50.00' })];
    await Promise.all([grant(good, user.id), grant(high, user.id)]);
    const query = `?coupons=${good},no-such`;
    const patch = (quantity: number, coupons = query) => user.patch(`/v1/cart/items/${skuId}${coupons}`, { quantity });
    expect(await patch(2)).toMatchObject({
      status: 200,
      body: { totals: { couponDiscount: '5.00', payable: '195.00' } },
    });
    expect((await patch(3, `?coupons=${high}`)).body).toMatchObject({
      totals: { couponDiscount: '0.00', coupons: [] },
      warnings: [{ code: 'THRESHOLD_NOT_MET', target: { couponId: high }, data: { gap: '200.00' } }],
    });
    expect((await patch(5, '?coupons=best')).body.totals).toMatchObject({ couponDiscount: '50.00' });
  });

  it('has none for a guest: best is nothing, one that is named is not found', async () => {
    const guest = await api.guest();
    const [skuId] = (await api.skus({ price: 10_000 })) as [string];
    await guest.add(skuId);
    expect(await totals(guest, 'best')).toMatchObject({ couponDiscount: '0.00', payable: '100.00', coupons: [] });
    expect(await guest.get(`/v1/cart?coupons=${await put()}`)).toMatchObject({
      ...{ status: 404, body: { code: 'COUPON_NOT_FOUND' } },
    });
  });
});
