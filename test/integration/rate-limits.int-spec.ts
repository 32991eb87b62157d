import { Logger } from '@nestjs/common';
import { Env, Metrics } from '@app/common';
import { RedisConnection } from '@app/redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RateLimiter } from '../../libs/identity/src/rate-limits/rate-limiter.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { freshUserId } from '../support/services.js';

let server: RedisServer;
const open: RedisConnection[] = [];

beforeAll(async () => {
  Logger.overrideLogger(false);
  server = await RedisServer.start();
});
afterEach(() => Promise.all(open.splice(0).map((connection) => connection.close())));
afterAll(() => server.stop());

/** One process of the service. */
async function instance(writes = { limit: 5, windowSeconds: 60 }) {
  const redis = new RedisConnection({ url: server.url });
  open.push(redis);
  await redis.connect();
  const metrics = new Metrics();
  const limiter = new RateLimiter(Object.assign(new Env(), { RATE_LIMIT_WRITES: writes }), redis, metrics);
  const metric = async (name: string, labels = {}) => {
    const { values } = await metrics.registry.getSingleMetric(name)!.get();
    return values.find((value) => JSON.stringify(value.labels) === JSON.stringify(labels))?.value;
  };
  return { limiter, redis, metric };
}

/** How many of so many requests at once are let through. */
async function passed(count: () => Promise<true>, times: number): Promise<number> {
  const results = await Promise.allSettled(Array.from({ length: times }, count));
  for (const result of results) {
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'RATE_LIMITED' });
  }
  return results.filter(({ status }) => status === 'fulfilled').length;
}

describe(RateLimiter.name, () => {
  let subject: string;
  beforeEach(() => {
    subject = `user:${freshUserId()}`;
  });

  it('lets exactly the limit through, whatever comes at once, and says how long to wait', async () => {
    const { limiter, metric } = await instance();
    expect(await passed(() => limiter.count('writes', subject), 40)).toBe(5);
    await expect(limiter.count('writes', subject)).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      status: 429,
      details: [{ code: 'RATE_LIMITED', limit: 5, windowSeconds: 60 }],
      retryAfter: expect.closeTo(59, -1),
    });
    expect(await metric('cart_rate_limited_total', { kind: 'writes' })).toBe(36);
    expect(await metric('cart_rate_limited_total', { kind: 'reads' })).toBe(0);
    expect(await limiter.count('reads', subject)).toBe(true);
    expect(await limiter.count('writes', `user:${freshUserId()}`)).toBe(true);
  });

  it('counts for all instances together', async () => {
    const one = await instance();
    const two = await instance();
    expect(await passed(() => one.limiter.count('writes', subject), 3)).toBe(3);
    expect(await passed(() => two.limiter.count('writes', subject), 40)).toBe(2);
    expect(await passed(() => one.limiter.count('writes', subject), 1)).toBe(0);
  });

  it('begins anew when the window ends, and not before', async () => {
    const { limiter } = await instance({ limit: 2, windowSeconds: 1 });
    const began = performance.now();
    expect(await passed(() => limiter.count('writes', subject), 3)).toBe(2);
    await eventually(() => limiter.count('writes', subject), { intervalMs: 20 });
    expect(performance.now() - began).toBeGreaterThan(950);
    expect(await passed(() => limiter.count('writes', subject), 3)).toBe(1);
  });

  it('sends one command a request, none for who is over the limit, and leaves nothing behind', async () => {
    const { limiter, redis } = await instance();
    await limiter.count('writes', subject);
    const { lines, stop } = await server.monitor();
    const sent = () => lines.filter((line) => line.includes(subject) && !line.includes(' lua]'));
    expect(await passed(() => limiter.count('writes', subject), 5)).toBe(4);
    expect(await passed(() => limiter.count('writes', subject), 1000)).toBe(0);
    await redis.ping();
    await eventually(() => expect(lines.join()).toContain('"PING"'));
    stop();
    expect(sent()).toHaveLength(5);
    const ttl = await redis.command<number>(['PTTL', `rl:writes:${subject}`]);
    expect(ttl).toBeGreaterThan(0);
    expect(ttl).toBeLessThanOrEqual(60_000);
  });

  it('while Redis is away counts by itself: nobody is refused for it, nobody gets away with it', async () => {
    const { limiter, metric, redis } = await instance({ limit: 5, windowSeconds: 1 });
    await server.kill();
    try {
      await eventually(() => expect(redis.status).toBe('connecting'));
      expect(await passed(() => limiter.count('writes', subject), 40)).toBe(5);
      expect(await metric('cart_rate_limit_unshared_total')).toBe(40);
      await eventually(() => limiter.count('writes', subject), { intervalMs: 20 });
    } finally {
      await server.restart();
    }
    await eventually(() => expect(redis.status).toBe('ready'));
    expect(await limiter.count('writes', subject)).toBe(true);
  });

  it('does not hang on a Redis that does not answer', async () => {
    const { limiter } = await instance();
    server.pause();
    try {
      const began = performance.now();
      expect(await limiter.count('writes', subject)).toBe(true);
      expect(performance.now() - began).toBeLessThan(10_000);
    } finally {
      server.resume();
    }
  });
});
