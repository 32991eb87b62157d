import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DataSource, QueryRunner } from 'typeorm';
import { Database } from '@app/database';
import { createDataSource } from '../../ormconfig.js';
import { Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { checkout, expectStockConserved, freshKey, insistOnCheckout } from '../support/checkout.js';
import { OwnDatabase } from '../support/own-database.js';
import { RedisServer } from '../support/redis-server.js';
import { services } from '../support/services.js';

/** How long a row stays locked. */
const LOCKED_MS = 60_000;
const SHOPPERS = 12;
const POOL_SIZE = 10;
/** The promise is 5 s: what the service has for its answer, and what a busy machine may take to carry it. */
const ANSWER_MS = 4_500;
const CARRY_MS = 2_000;

let own: OwnDatabase;
let redis: RedisServer;
let app: AppProcess;
let api: Api;
/** Looks on and holds the row, from another database: counted as none of the pool. */
let other: DataSource;
let holder: QueryRunner;

beforeAll(async () => {
  own = await OwnDatabase.create();
  redis = await RedisServer.start();
  app = await AppProcess.start({
    ...{ DATABASE_URL: own.url, REDIS_URL: redis.url, TRANSPORT: 'in-process' },
    CHECKOUT_TIMEOUT_MS: String(ANSWER_MS),
  });
  api = new Api(app.url);
  other = await createDataSource(services().databaseUrl).initialize();
  holder = other.createQueryRunner();
});
afterAll(async () => {
  expect(await app.stop()).toBe(0);
  await holder.release();
  await other.destroy();
  await redis.stop();
  await own.drop();
});

async function connections(): Promise<number> {
  const sql = 'SELECT COUNT(*) AS n FROM information_schema.processlist WHERE db = ?';
  const [row] = await other.query<{ n: string }[]>(sql, [own.name]);
  return Number(row!.n);
}

async function buyers(count: number, skuId: string): Promise<Shopper[]> {
  const users = await Promise.all(Array.from({ length: count }, () => api.login()));
  for (const user of users) expect((await user.add(skuId)).status).toBe(201);
  return users;
}

it('B2, B9: a row that is locked for a minute costs its checkouts 5 s each, no connections, and others nothing', async () => {
  const [locked, free] = (await api.skus({ stock: 100 }, { stock: 100 })) as [string, string];
  const waiting = (await buyers(SHOPPERS, locked)).map((user) => ({ user, key: freshKey() }));
  const happy = await buyers(5, free);
  await holder.startTransaction();
  await holder.query(`SELECT sku_id FROM ${own.name}.product_sku WHERE sku_id = ? FOR UPDATE`, [locked]);
  const until = performance.now() + LOCKED_MS;
  const isHeld = () => performance.now() < until;
  let most = 0;
  const watch = async () => {
    while (isHeld()) {
      most = Math.max(most, await connections());
      await delay(50);
    }
  };
  const answers: { code: string; ms: number }[] = [];
  const insist = async ({ user, key }: (typeof waiting)[number]) => {
    while (isHeld()) {
      const asked = performance.now();
      const { status, body } = await checkout(user, {}, key);
      answers.push({ code: status === 201 ? 'ordered' : (body.code as string), ms: performance.now() - asked });
      await delay(100);
    }
  };
  const all = Promise.all([watch(), ...waiting.map(insist)]);
  // Those of another SKU have their turn meanwhile.
  for (const user of happy) expect((await insistOnCheckout(user)).status).toBe(201);
  expect(isHeld()).toBe(true);
  await all;
  await holder.rollbackTransaction();
  expect(most).toBeLessThanOrEqual(POOL_SIZE + 2);
  const codes = new Set(answers.map(({ code }) => code));
  expect([...codes].filter((code) => !/^(CART_BUSY|CART_UNAVAILABLE|IDEMPOTENCY_IN_PROGRESS)$/.test(code))).toEqual([]);
  expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(ANSWER_MS + CARRY_MS);
  // The row is free: each is ordered once.
  for (const { user, key } of waiting) expect((await insistOnCheckout(user, {}, key)).status).toBe(201);
  const database = new Database(createDataSource(own.url));
  expect(await expectStockConserved(database, locked, 100)).toBe(SHOPPERS);
  await database.onApplicationShutdown();
});
