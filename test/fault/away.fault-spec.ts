import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Api, Shopper } from '../support/api.js';
import { checkout, freshKey, insistOnCheckout } from '../support/checkout.js';
import { eventually } from '../support/eventually.js';
import { freeze } from '../support/freeze.js';
import { Stack } from '../support/stack.js';

const LIMITS = '/v1/admin/limits';

let stack: Stack;
let api: Api;
let admin: Shopper;
let frozen: number | undefined;

beforeAll(async () => {
  stack = await Stack.start();
  api = new Api(stack.services().httpUrl);
  admin = await api.admin();
});
afterEach(async () => {
  if (frozen !== undefined) process.kill(frozen, 'SIGCONT');
  frozen = undefined;
  await eventually(async () => expect(await readiness()).toMatchObject({ status: 200, body: { status: 'ok' } }));
});
afterAll(async () => {
  expect(await stack.stop()).toBe(0);
});

const readiness = () => api.call('GET', '/health/ready');
/** What the service has found out about its parts holds for a second. */
const expectDegraded = () =>
  eventually(async () => expect(await readiness()).toMatchObject({ status: 200, body: { status: 'degraded' } }));

/** The part neither answers nor refuses: the worst way to be away. */
async function freezePart(part: 'redis' | 'mysql' | 'broker'): Promise<void> {
  frozen = stack.services().pids[part];
  await freeze(frozen);
}

async function inSync(userId: string): Promise<void> {
  await eventually(async () => {
    expect((await admin.get(`/v1/admin/carts/${userId}/diff`)).body.inSync).toBe(true);
  });
}

async function userWith(skus: string[]): Promise<Shopper> {
  const user = await api.login();
  for (const sku of skus) expect((await user.add(sku)).status).toBe(201);
  await inSync(user.id);
  return user;
}

describe('while Redis does not answer', () => {
  it('a user sees the copy in MySQL, marked stale; writes and guests get 503 and lose nothing', async () => {
    const skus = await api.skus({ price: 500 }, { price: 700 });
    const user = await userWith(skus);
    const guest = await api.guest();
    await guest.add(skus[0]!);
    const before = await user.cart();

    await freezePart('redis');
    const read = await user.get('/v1/cart');
    expect(read.status).toBe(200);
    expect(read.headers.get('etag')).toBeNull();
    expect(read.body).toEqual({ ...before, stale: true });
    for (const answer of [await user.add(skus[0]!), await guest.get('/v1/cart'), await guest.add(skus[0]!)]) {
      expect(answer).toMatchObject({ status: 503, body: { code: 'CART_UNAVAILABLE' } });
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    await expectDegraded();

    process.kill(frozen!, 'SIGCONT');
    await eventually(async () => expect((await guest.cart()).badge.quantity).toBeGreaterThan(0));
    // A write that got no answer may have happened: it did so once or not at all.
    expect((await user.cart()).badge.quantity).toBeOneOf([2, 3]);
    await inSync(user.id);
  });
});

describe('while MySQL does not answer', () => {
  it('carts in Redis work as ever, a cold cart answers 503, and MySQL catches up', async () => {
    const skus = await api.skus({}, {});
    const user = await userWith([skus[0]!]);
    const stranger = await api.login();

    await freezePart('mysql');
    for (const sku of [...skus, ...skus]) expect((await user.add(sku)).status).toBe(201);
    expect((await user.cart()).badge).toMatchObject({ skus: 2, quantity: 5 });
    expect((await user.delete(`/v1/cart/items/${skus[0]}`)).status).toBe(200);
    expect(await stranger.get('/v1/cart')).toMatchObject({ status: 503, body: { code: 'CART_UNAVAILABLE' } });
    expect(await user.add('999999999999998')).toMatchObject({ status: 503, body: { code: 'CART_UNAVAILABLE' } });
    await expectDegraded();

    process.kill(frozen!, 'SIGCONT');
    await inSync(user.id);
    expect((await stranger.get('/v1/cart')).status).toBe(200);
  });

  it('a checkout answers 503 and orders nothing; its repeat does, once', async () => {
    const [sku] = (await api.skus({ stock: 10 })) as [string];
    const user = await userWith([sku]);
    const key = freshKey();

    await freezePart('mysql');
    await eventually(async () => expect((await api.call('GET', '/v1/skus')).status).toBe(503));
    expect(await checkout(user, {}, key)).toMatchObject({ status: 503, body: { code: 'CART_UNAVAILABLE' } });
    expect((await user.cart()).badge.quantity).toBe(1);

    process.kill(frozen!, 'SIGCONT');
    const { status, body } = await insistOnCheckout(user, {}, key);
    expect(status).toBe(201);
    expect((await user.cart()).badge.quantity).toBe(0);
    expect((await checkout(user, {}, key)).body).toEqual(body);
    await eventually(async () => expect((await user.get(`/v1/skus/${sku}`)).body.stock.available).toBe(9));
  });

  it('a merge is made and says MySQL has not heard of it; a cold cart cannot take one, and its guest shops on', async () => {
    const [a, b] = await api.skus({}, {});
    const user = await userWith([a!]);
    const stranger = await api.login();
    const [guest, another] = [await api.guest(), await api.guest()];
    for (const who of [guest, another]) for (const sku of [a!, b!]) await who.add(sku);
    const merge = (who: Shopper, whose: Shopper) => who.post('/v1/cart/merge', { clientCartId: whose.id });

    await freezePart('mysql');
    const first = await merge(user, guest);
    expect(first).toMatchObject({
      status: 200,
      body: { badge: { skus: 2, quantity: 3 }, merge: { replayed: false, persisted: false } },
    });
    expect((await merge(user, guest)).body.merge).toEqual({ ...first.body.merge, replayed: true });
    expect(await merge(stranger, another)).toMatchObject({ status: 503, body: { code: 'CART_UNAVAILABLE' } });
    expect((await another.add(a!)).body.badge).toMatchObject({ skus: 2, quantity: 3 });

    process.kill(frozen!, 'SIGCONT');
    await inSync(user.id);
    await eventually(async () => expect((await merge(user, guest)).body.merge.persisted).toBe(true));
    expect((await merge(stranger, another)).body.badge.quantity).toBe(3);
  });

  it('a 503 is not kept for a request with an Idempotency-Key: the repeat is made', async () => {
    const [sku] = await api.skus({});
    await userWith([sku!]);
    const stranger = await api.login();
    const header = { 'idempotency-key': 'while-mysql-is-away' };

    await freezePart('mysql');
    await eventually(async () => {
      expect(await stranger.add(sku!, 2, header)).toMatchObject({ status: 503, body: { code: 'CART_UNAVAILABLE' } });
    });
    process.kill(frozen!, 'SIGCONT');
    const made = await eventually(async () => {
      const answer = await stranger.add(sku!, 2, header);
      expect(answer.status).toBe(201);
      return answer;
    });
    expect([made.headers.get('idempotent-replayed'), made.body.badge.quantity]).toEqual([null, 2]);
  });

  it('lists of SKUs answer 503, a known SKU is shown, and raised limits hold and end as they should', async () => {
    const [sku] = await api.skus({});
    const user = await userWith([sku!]);
    const until = new Date(Date.now() + 20_000).toISOString();
    expect((await admin.put(LIMITS, { maxSkus: 500, maxQuantityPerSku: 300, until })).status).toBe(200);

    await freezePart('mysql');
    await eventually(async () => {
      expect(await api.call('GET', '/v1/skus')).toMatchObject({ status: 503, body: { code: 'CART_UNAVAILABLE' } });
    });
    expect((await api.call('GET', `/v1/skus/${sku}`)).body).toMatchObject({ skuId: sku, limits: { maximum: 300 } });
    expect(await admin.get(LIMITS)).toMatchObject({ status: 200, body: { maxQuantityPerSku: 300, until } });
    expect(await admin.delete(LIMITS)).toMatchObject({ status: 503, body: { code: 'CART_UNAVAILABLE' } });
    expect((await user.add(sku!, 200)).status).toBe(201);
    await eventually(async () => expect((await user.cart()).limits.maxQuantityPerSku).toBe(99), { timeoutMs: 30_000 });
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(until) - 1_000);

    process.kill(frozen!, 'SIGCONT');
    await eventually(async () => expect((await admin.delete(LIMITS)).status).toBe(200));
    expect((await api.call('GET', '/v1/skus')).status).toBe(200);
  });
});

describe('while the broker does not answer', () => {
  it('nobody notices, health says so, and the outbox drains afterwards', async () => {
    const [sku] = await api.skus({});
    const user = await userWith([sku!]);
    await freezePart('broker');
    for (let i = 0; i < 10; i++) expect((await user.add(sku!)).status).toBe(201);
    await eventually(async () => expect((await readiness()).body).toMatchObject({ status: 'degraded' }));
    expect((await admin.get(`/v1/admin/carts/${user.id}/diff`)).body.inSync).toBe(false);
    // A forced sync needs no broker.
    expect((await admin.post(`/v1/admin/carts/${user.id}/sync`)).body).toMatchObject({ written: 1 });
    process.kill(frozen!, 'SIGCONT');
    await inSync(user.id);
  });

  it('a user orders, adds and orders again, and the queue hears of it afterwards', async () => {
    const [sku] = (await api.skus({ stock: 10 })) as [string];
    const user = await userWith([sku]);
    await freezePart('broker');
    for (let i = 0; i < 2; i++) {
      expect((await checkout(user)).status).toBe(201);
      expect((await user.cart()).badge.quantity).toBe(0);
      expect((await user.add(sku)).status).toBe(201);
    }
    process.kill(frozen!, 'SIGCONT');
    await inSync(user.id);
    expect((await user.cart()).badge.quantity).toBe(1);
    await eventually(async () => expect((await user.get(`/v1/skus/${sku}`)).body.stock.available).toBe(8));
  });
});
