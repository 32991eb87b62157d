import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerTo } from '../fuzz/raw-bytes.js';
import { Api, type Answer, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';

const LIMITS = {
  RATE_LIMITS: 'on',
  RATE_LIMIT_READS: '30/60',
  RATE_LIMIT_WRITES: '10/60',
  RATE_LIMIT_ADDRESS: '60/60',
  RATE_LIMIT_GUEST_CARTS: '5/60',
  RATE_LIMIT_FAILURES: '8/60',
  // Each test is another shop's proxy, so that none uses up the limits of the next.
  TRUST_PROXY: '127.0.0.1,198.51.100.0/24',
};

/** A Redis of its own, so that the counts are those of this file. */
let redis: RedisServer;
let apps: AppProcess[];
let api: Api;
let other: Api;
let skuId: string;

beforeAll(async () => {
  redis = await RedisServer.start();
  const settings = { ...LIMITS, REDIS_URL: redis.url };
  apps = await Promise.all([AppProcess.start(settings), AppProcess.start(settings)]);
  [api, other] = apps.map(({ url }) => new Api(url)) as [Api, Api];
  [skuId] = (await api.skus({})) as [string];
});
afterAll(async () => {
  await Promise.all(apps.map((app) => app.stop()));
  await redis.stop();
});

let lastAddress = 0;
/** Somebody's address, as the proxy in front tells it. */
const freshAddress = () => ({ 'x-forwarded-for': `203.0.113.${(lastAddress += 1)}` });

/** One after the other; how many were let through, and the last refusal. */
async function burst(times: number, call: (i: number) => Promise<Answer>): Promise<{ passed: number; last: Answer }> {
  const answers: Answer[] = [];
  for (let i = 0; i < times; i++) answers.push(await call(i));
  return { passed: answers.filter(({ status }) => status !== 429).length, last: answers.at(-1)! };
}

function expectRefusal({ status, headers, body }: Answer, limit: number): void {
  expect(status).toBe(429);
  expect(headers.get('content-type')).toBe('application/problem+json');
  expect(body).toMatchObject({
    type: 'urn:shopping-cart:problem:rate-limited',
    status: 429,
    code: 'RATE_LIMITED',
    errors: [{ code: 'RATE_LIMITED', limit, windowSeconds: 60 }],
  });
  expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(60);
}

const metric = async (name: string) => {
  const counts = await Promise.all(
    [api, other].map(async (one) => {
      const { body } = await one.call<string>('GET', '/metrics');
      return Number(
        body
          .split('\n')
          .find((line) => line.startsWith(name))
          ?.split(' ')
          .at(-1),
      );
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
};

describe('S14: rate limits', () => {
  it('let a user do so many writes, at all instances together, and tell when to come back', async () => {
    const user = await api.login();
    const before = await metric('cart_rate_limited_total{kind="writes"}');
    const { passed, last } = await burst(25, (i) => user.at(i % 2 ? api : other).add(skuId));
    expect(passed).toBe(10);
    expectRefusal(last, 10);
    expect(await metric('cart_rate_limited_total{kind="writes"}')).toBe(before + 15);
    // What was refused has not happened, reads have a limit of their own, and so has everybody else.
    expect((await user.cart()).badge.quantity).toBe(10);
    expect((await (await api.login()).add(skuId)).status).toBe(201);
    const reads = await burst(35, (i) => user.at(i % 2 ? api : other).get('/v1/cart/badge'));
    expect(reads.passed).toBe(29);
    expectRefusal(reads.last, 30);
  });

  it('hold for a user whatever the address and whichever token, and not for the neighbour at the address', async () => {
    const user = await api.login();
    const tokens = [user, await api.login(user.id), await api.login(user.id, ['payment'])];
    const { passed } = await burst(15, (i) => tokens[i % 3]!.add(skuId, 1, freshAddress()));
    expect(passed).toBe(10);
    expect((await (await api.login()).add(skuId)).status).toBe(201);
  });

  it('B7: count refused identities before a byte of the body is there', async () => {
    const { 'x-forwarded-for': address } = freshAddress();
    const head = `PUT /v1/admin/skus HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nx-forwarded-for: ${address}\r\n`;
    const statuses: (string | undefined)[] = [];
    for (let i = 0; i < 9; i++) {
      const answer = await answerTo(api.url, Buffer.from(`${head}content-length: 2000000\r\n\r\n`));
      statuses.push(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
    }
    expect(statuses).toEqual([...Array.from({ length: 8 }, () => '401'), '429']);
  });

  it('are hardest on new guests', async () => {
    const address = freshAddress();
    const { passed, last } = await burst(8, (i) =>
      [api, other][i % 2]!.call('POST', '/v1/guest-carts', { headers: address }),
    );
    expect(passed).toBe(5);
    expectRefusal(last, 5);
    expect((await api.call('POST', '/v1/guest-carts', { headers: freshAddress() })).status).toBe(201);
  });

  it('hold for an address, however many guests it has made', async () => {
    const address = freshAddress();
    const made = await Promise.all(
      Array.from({ length: 5 }, () => api.call('POST', '/v1/guest-carts', { headers: address })),
    );
    const guests = made.map(({ body }) => new Shopper(api, '', { 'x-client-cart-id': body.clientCartId, ...address }));
    const own = await burst(12, () => guests[0]!.add(skuId));
    expect(own.passed).toBe(10);
    expectRefusal(own.last, 10);
    const all = await burst(80, (i) => guests[1 + (i % 4)]!.get('/v1/cart/badge'));
    // What the first guest was refused counted against the address too.
    expect(all.passed).toBe(48);
    expectRefusal(all.last, 60);
    expectRefusal(await api.call('GET', '/v1/skus', { headers: address }), 60);
    expect((await (await api.login()).get('/v1/cart', address)).status).toBe(200);
  });

  it('stop whoever tries out tokens, and nobody with a good one', async () => {
    const address = freshAddress();
    const user = await api.login();
    const tries = [
      { authorization: 'Bearer nonsense' },
      { 'x-client-cart-id': 'v1.k1.nonsense.nonsense' },
      {},
      { authorization: 'Basic YTpi' },
    ];
    const { passed, last } = await burst(12, (i) =>
      [api, other][i % 2]!.call('GET', '/v1/cart', {
        headers: { ...tries[i % 4], ...address } as Record<string, string>,
      }),
    );
    expect(passed).toBe(8);
    expectRefusal(last, 8);
    expectRefusal(await user.get('/v1/admin/limits', address), 8);
    expect((await user.get('/v1/cart', address)).status).toBe(200);
    expect((await user.get('/v1/admin/limits', freshAddress())).status).toBe(403);
  });

  it('leave operations and the documentation alone', async () => {
    const address = freshAddress();
    await burst(70, () => api.call('GET', '/v1/skus', { headers: address }));
    for (const path of ['/health/live', '/health/ready', '/metrics', '/docs/openapi.json']) {
      const { passed } = await burst(70, () => api.call('GET', path, { headers: address }));
      expect(passed).toBe(70);
    }
  });
});

describe('S13: forwarded headers', () => {
  const list = (headers: Record<string, string>) => api.call('GET', '/v1/skus', { headers });

  it('rotated by the client do not evade a limit: the address the proxy adds counts', async () => {
    const { 'x-forwarded-for': real } = freshAddress();
    const { passed } = await burst(70, (i) => list({ 'x-forwarded-for': `10.${i}.0.1, garbage-${i}, ${real}` }));
    expect(passed).toBe(60);
    // Through a second proxy of ours, too.
    expect((await list({ 'x-forwarded-for': `10.9.9.9, ${real}, 198.51.100.7` })).status).toBe(429);
    expect((await list(freshAddress())).status).toBe(200);
  });

  it('other than X-Forwarded-For mean nothing', async () => {
    const { 'x-forwarded-for': real } = freshAddress();
    const { passed } = await burst(70, (i) =>
      list({
        'x-forwarded-for': real,
        forwarded: `for=10.0.0.${i}`,
        'x-real-ip': `10.0.1.${i}`,
        'cf-connecting-ip': `10.0.2.${i}`,
        'true-client-ip': `10.0.3.${i}`,
      }),
    );
    expect(passed).toBe(60);
  });

  it('mean nothing at all unless a proxy is named', async () => {
    const app = await AppProcess.start({
      ...LIMITS,
      TRUST_PROXY: '',
      RATE_LIMIT_ADDRESS: '50/60',
      REDIS_URL: redis.url,
    });
    try {
      const direct = new Api(app.url);
      const { passed } = await burst(60, (i) =>
        direct.call('GET', '/v1/skus', { headers: { 'x-forwarded-for': `10.0.0.${i}` } }),
      );
      // The logins of the other tests came from this address as well.
      expect(passed).toBeLessThanOrEqual(50);
      await eventually(() => expect(app.log).toContain('TRUST_PROXY'));
    } finally {
      await app.stop();
    }
  });
});

describe('S14: while Redis is away', () => {
  it('limits go on for each process, identities are asked for as ever, and a stale cart can be read', async () => {
    const user = await api.login();
    await user.add(skuId, 2);
    const admin = await api.admin();
    const inSync = async () => (await admin.get(`/v1/admin/carts/${user.id}/diff`)).body.inSync as boolean;
    // Asked for seldom: whoever waits is limited too.
    await eventually(async () => expect(await inSync()).toBe(true), { intervalMs: 1_000 });
    await redis.kill();
    try {
      const stale = await eventually(async () => {
        const read = await user.get('/v1/cart');
        expect(read).toMatchObject({ status: 200, body: { stale: true, badge: { quantity: 2 } } });
        return read;
      });
      expect(stale.headers.get('etag')).toBeNull();
      expect(await user.add(skuId)).toMatchObject({ status: 503, body: { code: 'CART_UNAVAILABLE' } });
      expect((await user.get('/v1/admin/limits')).status).toBe(403);
      expect((await api.call('GET', '/v1/cart')).status).toBe(401);
      expect((await api.call('GET', '/v1/cart', { headers: { authorization: 'Bearer x' } })).status).toBe(401);
      const { passed, last } = await burst(35, () => user.get('/v1/cart'));
      expect(passed).toBeLessThan(30);
      expectRefusal(last, 30);
      expect(await metric('cart_rate_limit_unshared_total')).toBeGreaterThan(30);
    } finally {
      await redis.restart();
    }
    await eventually(async () => expect((await api.call('GET', '/health/ready')).body.status).toBe('ok'));
  });

  it('what does not answer at all costs a reader no error either', async () => {
    const user = await api.login();
    redis.pause();
    try {
      expect(await user.get('/v1/cart')).toMatchObject({ status: 200, body: { stale: true } });
    } finally {
      redis.resume();
    }
    await eventually(async () => expect((await api.call('GET', '/health/ready')).body.status).toBe('ok'));
  });
});
