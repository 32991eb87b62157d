import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisConnection } from '@app/redis';
import { DataSource } from 'typeorm';
import { createDataSource } from '../../ormconfig.js';
import { Api, Shopper } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { PrivateApp } from '../fuzz/private-app.js';

let service: PrivateApp;
let redis: RedisConnection;
let user: Shopper;
let skuId: string;

beforeAll(async () => {
  service = await PrivateApp.start();
  redis = new RedisConnection({ url: service.redis.url });
  await redis.connect();
  const api = new Api(service.url);
  [skuId] = (await api.skus({})) as [string];
  user = await api.login();
  expect((await user.add(skuId)).status).toBe(201);
});
afterAll(async () => {
  await redis.close();
  expect(await service.stop()).toBe(0);
});

const config = (name: string, value: string) => redis.command(['CONFIG', 'SET', name, value]);
const ready = async () => (await (await fetch(`${service.url}/health/ready`)).json()) as any;
/** Within 5 s by its constants: a look a second, which waits 1 s for an answer and 1.5 s for a write. */
const saysDegraded = (reason: RegExp) =>
  eventually(async () => {
    const { status, reasons } = await ready();
    expect({ status, reasons }).toEqual({ status: 'degraded', reasons: [expect.stringMatching(reason)] });
  });
const saysOk = () => eventually(async () => expect(await ready()).toMatchObject({ status: 'ok', reasons: [] }));

const FAULTS: [name: string, reason: RegExp, begin: () => Promise<unknown>, end: () => Promise<unknown>][] = [
  ['is at maxmemory', /^redis: full/, () => config('maxmemory', '1'), () => config('maxmemory', '0')],
  [
    'is read-only',
    /^redis: read-only/,
    () => redis.command(['REPLICAOF', '127.0.0.1', '1']),
    () => redis.command(['REPLICAOF', 'NO', 'ONE']),
  ],
  [
    'lets the account read alone',
    /^redis: its account may not write/,
    () => redis.command(['ACL', 'SETUSER', 'default', '-@write']),
    () => redis.command(['ACL', 'SETUSER', 'default', '+@all']),
  ],
];

describe('a Redis that takes no write', () => {
  it.each(FAULTS)('B8 B17: %s: degraded with the reason, 503 for a write, and ok again by itself', async (...fault) => {
    const [, reason, begin, end] = fault;
    try {
      await begin();
      await saysDegraded(reason);
      const refused = await user.add(skuId);
      expect([refused.status, refused.body.code]).toEqual([503, 'CART_UNAVAILABLE']);
      expect((await user.get('/v1/cart')).status).toBe(200);
    } finally {
      await end();
    }
    await saysOk();
    await eventually(async () => expect((await user.add(skuId)).status).toBe(201));
  });

  it('B16: one that may drop carts is degraded and warned about', async () => {
    try {
      await config('maxmemory-policy', 'allkeys-lru');
      await saysDegraded(/^redis: may drop carts: maxmemory-policy is allkeys-lru/);
      // The line travels through a pipe.
      await eventually(() => expect(service.app.log).toContain('set it to noeviction'));
    } finally {
      await config('maxmemory-policy', 'noeviction');
    }
    await saysOk();
  });
});

describe('a MySQL with a held lock', () => {
  let other: DataSource;
  beforeAll(async () => {
    other = await createDataSource(service.database).initialize();
  });
  afterAll(() => other.destroy());

  it.each(['cart', 'product_sku', 'orders'])('B8: on %s: degraded with the reason, and ok again', async (table) => {
    const holder = other.createQueryRunner();
    try {
      await holder.query(`LOCK TABLES ${table} WRITE`);
      await saysDegraded(/^mysql: takes no write/);
    } finally {
      await holder.query('UNLOCK TABLES');
      await holder.release();
    }
    await saysOk();
  });
});

it('B6: however often it is asked, the parts are asked once a second', async () => {
  const commands = async () => {
    const stats = await redis.command<string>(['INFO', 'commandstats']);
    return Number(/^cmdstat_ping:calls=(\d+)/m.exec(stats)?.[1] ?? 0);
  };
  await saysOk();
  const before = await commands();
  const began = performance.now();
  for (let round = 0; round < 10; round++) {
    await Promise.all(
      Array.from({ length: 30 }, (_, i) => fetch(`${service.url}${i % 2 ? '/metrics' : '/health/ready'}`)),
    );
  }
  const seconds = (performance.now() - began) / 1000;
  expect((await commands()) - before).toBeLessThanOrEqual(seconds + 2);
});

describe('the metrics', () => {
  it('B6: METRICS_TOKEN asks for a bearer token', async () => {
    const app = await service.another({ METRICS_TOKEN: 'a-token-of-the-tests' });
    try {
      const read = (headers: Record<string, string>) => fetch(`${app.url}/metrics`, { headers });
      for (const authorization of ['', 'Bearer wrong', 'a-token-of-the-tests']) {
        const refused = await read(authorization ? { authorization } : {});
        expect([refused.status, ((await refused.json()) as any).code]).toEqual([401, 'UNAUTHENTICATED']);
      }
      const answer = await read({ authorization: 'Bearer a-token-of-the-tests' });
      expect(answer.status).toBe(200);
      expect(await answer.text()).toContain('cart_part_up');
    } finally {
      await app.stop();
    }
  });

  it('B6: METRICS_PORT puts them on a port of their own, and off the other', async () => {
    const port = await freePort();
    const app = await service.another({ METRICS_PORT: String(port), METRICS_TOKEN: 'a-token-of-the-tests' });
    try {
      const read = (path: string, headers: Record<string, string> = {}) =>
        fetch(`http://127.0.0.1:${port}${path}`, { headers });
      expect((await fetch(`${app.url}/metrics`)).status).toBe(404);
      expect((await read('/metrics')).status).toBe(401);
      expect((await read('/v1/cart')).status).toBe(404);
      const answer = await read('/metrics', { authorization: 'Bearer a-token-of-the-tests' });
      expect(answer.status).toBe(200);
      expect(await answer.text()).toContain('cart_part_up');
    } finally {
      expect(await app.stop()).toBe(0);
    }
  });
});
