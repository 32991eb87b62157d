import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { CartTable, Database } from '@app/database';
import { RedisConnection } from '@app/redis';
import { createDataSource } from '../../ormconfig.js';
import { Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { newRow } from '../support/factories.js';
import { OwnDatabase } from '../support/own-database.js';
import { RedisServer } from '../support/redis-server.js';
import { SqlProxy } from '../support/sql-proxy.js';

const READS = 10_000;
const READERS = 60;
/** How long a user without rows is remembered as empty, ms. */
const NULL_CACHE_MS = 60_000;
const ITEMS_OF_A_CART = /\bFROM cart\b.*\bWHERE user_id\b/s;

let own: OwnDatabase;
let server: RedisServer;
let redis: RedisConnection;
let database: Database;
let proxy: SqlProxy;
let apps: AppProcess[];

/** Two instances that share nothing with other tests, and a proxy that counts what they ask MySQL. */
beforeAll(async () => {
  [own, server] = await Promise.all([OwnDatabase.create(), RedisServer.start()]);
  redis = new RedisConnection({ url: server.url });
  await redis.connect();
  database = new Database(createDataSource(own.url));
  proxy = await SqlProxy.before(own.url);
  const settings = { DATABASE_URL: proxy.url, REDIS_URL: server.url, TRANSPORT: 'in-process' };
  apps = await Promise.all([AppProcess.start(settings), AppProcess.start(settings)]);
});
beforeEach(async () => {
  await redis.command(['FLUSHALL']);
  proxy.statements.length = 0;
});
afterAll(async () => {
  await Promise.all(apps.map((app) => app.stop()));
  await proxy.close();
  await redis.close();
  await database.onApplicationShutdown();
  await Promise.all([server.stop(), own.drop()]);
});

const logins = (count: number) => Promise.all(Array.from({ length: count }, () => new Api(apps[0]!.url).login()));
const queries = () => proxy.count(ITEMS_OF_A_CART);

/** So many reads, many at once: first of each user four at once, two at either instance, then of anybody anywhere. */
async function readAll(users: readonly Shopper[], check: (body: any) => void): Promise<void> {
  const places = apps.map(({ url }) => new Api(url));
  const first = users.flatMap((user) => [...places, ...places].map((place) => user.at(place)));
  const anybody = Array.from({ length: READS - first.length }, () => first[randomInt(first.length)]!);
  const crowd = [...first, ...anybody].values();
  const reader = async () => {
    for (const user of crowd) check(await read(user));
  };
  await Promise.all(Array.from({ length: READERS }, reader));
}

/** As a client does: one that is told to come again comes again. */
async function read(user: Shopper): Promise<any> {
  for (let attempt = 0; ; attempt++) {
    const { status, body } = await user.get('/v1/cart');
    if (status === 200 || attempt === 5) {
      expect([status, body.code]).toEqual([200, undefined]);
      return body;
    }
    expect(body.code).toBe('CART_BUSY');
  }
}

it('10,000 reads of 200 cold carts by a crowd at two instances ask MySQL for each cart once', async () => {
  const users = await logins(200);
  const skuIds = await new Api(apps[0]!.url).skus({}, {}, {});
  const rows = users.flatMap(({ id }) => skuIds.map((skuId, i) => newRow(id, { skuId, quantity: i + 1 })));
  await new CartTable(database).upsert(rows);
  await readAll(users, ({ badge }) => expect(badge).toMatchObject({ skus: 3, quantity: 6 }));
  expect(queries()).toBeLessThanOrEqual(users.length);
  // A proxy that saw nothing would prove nothing.
  expect(queries()).toBeGreaterThan(users.length / 2);
});

it('10,000 reads of users nobody knows ask MySQL for each once in the time of the null cache', async () => {
  const users = await logins(500);
  const begun = performance.now();
  await readAll(users, (cart) => expect(cart).toMatchObject({ version: '0', items: [] }));
  const times = 1 + Math.floor((performance.now() - begun) / NULL_CACHE_MS);
  expect(queries()).toBeLessThanOrEqual(users.length * times);
  expect(queries()).toBeGreaterThan(users.length / 2);
});
