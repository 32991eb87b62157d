import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from 'redis';
import { Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { OwnDatabase } from '../support/own-database.js';
import { RedisServer } from '../support/redis-server.js';

const LIMITS = '/v1/admin/limits';
const defaults = { maxSkus: 2, maxQuantityPerSku: 99 };
const raised = { maxSkus: 3, maxQuantityPerSku: 200 };

let database: OwnDatabase;
let redis: RedisServer;
let apps: AppProcess[];
let api: Api;
let other: Api;
let admin: Shopper;

/** Limits hold for every cart: these instances share their servers with no other test. */
beforeAll(async () => {
  database = await OwnDatabase.create();
  redis = await RedisServer.start();
  const settings = { DATABASE_URL: database.url, REDIS_URL: redis.url, TRANSPORT: 'in-process', MAX_SKUS: '2' };
  apps = await Promise.all([AppProcess.start(settings), AppProcess.start(settings)]);
  [api, other] = apps.map((app) => new Api(app.url)) as [Api, Api];
  admin = await api.admin();
});
afterEach(async () => {
  expect((await admin.delete(LIMITS)).status).toBe(200);
});
afterAll(async () => {
  await Promise.all(apps.map((app) => app.stop()));
  await redis.stop();
  await database.drop();
});

const refusal = (code: string, numbers: object) => ({ status: 409, body: { code, errors: [{ code, ...numbers }] } });
const limitsAt = async (where: Api, shopper: Shopper) => (await shopper.at(where).cart()).limits;

describe('the limits', () => {
  it('are raised at once here and within a second at another instance, for carts, items and refusals', async () => {
    const [lantern, mug, lamp, vase] = await api.skus({}, { purchaseLimit: 150 }, {}, {});
    const user = await api.login();
    expect(await user.add(lantern!, 100)).toMatchObject(refusal('QUANTITY_LIMIT', { maximum: 99, requested: 100 }));
    expect((await admin.get(LIMITS)).body).toEqual({ ...defaults, until: null, overridden: false, defaults });

    const put = await admin.put(LIMITS, raised);
    expect(put).toMatchObject({ status: 200, body: { ...raised, until: null, overridden: true, defaults } });
    await eventually(async () => expect(await limitsAt(other, user)).toEqual(raised), { timeoutMs: 5_000 });

    expect((await user.add(lantern!, 100)).body).toMatchObject({
      limits: raised,
      items: [{ quantity: 100, limits: { maximum: 200 }, problems: [] }],
    });
    expect(await user.add(lantern!, 101)).toMatchObject(refusal('QUANTITY_LIMIT', { maximum: 200, requested: 201 }));
    expect(await user.add(mug!, 151)).toMatchObject(refusal('QUANTITY_LIMIT', { maximum: 150, requested: 151 }));
    expect((await user.at(other).add(mug!, 150)).body.items[0].limits).toEqual({ maximum: 150 });
    expect((await user.add(lamp!)).status).toBe(201);
    expect(await user.add(vase!)).toMatchObject(refusal('CART_FULL', { maximum: 3 }));
    expect((await api.call('GET', `/v1/skus/${vase}`)).body.limits).toEqual({ maximum: 200 });
  });

  it('fall back by themselves when their time is over', async () => {
    const [lantern] = await api.skus({});
    const user = await api.login();
    const until = new Date(Date.now() + 4_000).toISOString();
    expect((await admin.put(LIMITS, { ...raised, until })).body).toMatchObject({ ...raised, until });
    expect((await admin.get(LIMITS)).body.until).toBe(until);
    expect((await user.add(lantern!, 120)).status).toBe(201);
    for (const where of [api, other]) {
      await eventually(async () => expect(await limitsAt(where, user)).toEqual(defaults));
    }
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(until) - 50);
    expect((await admin.get(LIMITS)).body).toEqual({ ...defaults, until: null, overridden: false, defaults });
    expect(await user.add(lantern!)).toMatchObject(refusal('QUANTITY_LIMIT', { maximum: 99, requested: 121 }));
  });

  it('take nothing out of a cart when they are lowered, and are lowered at once', async () => {
    const [lantern, mug] = await api.skus({}, {});
    const user = await api.login();
    await user.add(lantern!, 50);
    await user.add(mug!, 3);
    await admin.put(LIMITS, { maxSkus: 1, maxQuantityPerSku: 10 });
    const cart = await user.cart();
    expect(cart).toMatchObject({
      limits: { maxSkus: 1, maxQuantityPerSku: 10 },
      items: [
        { skuId: mug, quantity: 3, problems: [] },
        {
          skuId: lantern,
          quantity: 50,
          valid: true,
          limits: { maximum: 10 },
          problems: [{ code: 'QUANTITY_LIMIT', maximum: 10, requested: 50 }],
        },
      ],
    });
    expect((await user.patch(`/v1/cart/items/${lantern}`, { quantity: 40 })).status).toBe(200);
    expect(await user.patch(`/v1/cart/items/${lantern}`, { quantity: 41 })).toMatchObject(
      refusal('QUANTITY_LIMIT', { maximum: 10, requested: 41 }),
    );
    expect((await admin.delete(LIMITS)).body).toEqual({ ...defaults, until: null, overridden: false, defaults });
    expect((await user.cart()).items.map((item) => item.problems)).toEqual([[], []]);
  });

  it('do not rest on Redis', async () => {
    await admin.put(LIMITS, raised);
    const client = await createClient({ url: redis.url }).connect();
    const monitor = await redis.monitor();
    await client.flushAll();
    expect((await admin.get(LIMITS)).body).toMatchObject(raised);
    const user = await api.login();
    for (const where of [api, other]) {
      await eventually(async () => expect(await limitsAt(where, user)).toEqual(raised), { timeoutMs: 5_000 });
    }
    monitor.stop();
    client.destroy();
    // LIMIT is also a word of ZRANGE, which the sweeper of merges sends whenever its time has come.
    expect(monitor.lines.filter((line) => /limit/i.test(line.replaceAll('"LIMIT"', '')))).toEqual([]);
  });

  it('are for administrators, and refuse what makes no sense', async () => {
    const user = await api.login();
    for (const [who, status] of [
      [user, 403],
      [await api.guest(), 401],
      [new Shopper(api, '', {}), 401],
    ] as const) {
      const answers = [await who.get(LIMITS), await who.put(LIMITS, raised), await who.delete(LIMITS)];
      expect(answers.map((answer) => answer.status)).toEqual([status, status, status]);
    }
    const past = new Date(Date.now() - 1_000).toISOString();
    for (const body of [{}, { maxSkus: 5 }, { ...raised, until: past }, { ...raised, until: 'soon' }, [raised]]) {
      expect(await admin.put(LIMITS, body)).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    }
    expect((await admin.get(LIMITS)).body.overridden).toBe(false);
  });
});
