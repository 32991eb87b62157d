import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Database } from '@app/database';
import { RedisConnection } from '@app/redis';
import { createDataSource } from '../../ormconfig.js';
import { Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { sharedBroker } from '../support/broker.js';
import { assertDrained } from '../support/drained.js';
import { eventually } from '../support/eventually.js';
import { OwnDatabase } from '../support/own-database.js';
import { RedisServer } from '../support/redis-server.js';
import { Shopping } from '../support/shopping.js';

const SHOPPERS = 10;
const DOOMED = 'doomed';

let own: OwnDatabase;
let server: RedisServer;
let redis: RedisConnection;
let database: Database;
let survivor: AppProcess;
let doomed: AppProcess;
let api: Api;
let admin: Shopper;

/** Two instances, and a topic, a Redis and a database that nobody else uses. */
beforeAll(async () => {
  [own, server] = await Promise.all([OwnDatabase.create(), RedisServer.start()]);
  redis = new RedisConnection({ url: server.url });
  await redis.connect();
  database = new Database(createDataSource(own.url));
  const broker = sharedBroker();
  const settings = {
    DATABASE_URL: own.url,
    REDIS_URL: server.url,
    ROCKETMQ_TOPIC: await broker.newTopic(),
    ROCKETMQ_GROUP: await broker.newGroup(),
    SYNC_HOURLY_CRON: '* * * * * *',
    SILENT_AFTER_MS: '3000',
  };
  survivor = await AppProcess.start({ ...settings, INSTANCE_ID: 'survivor' });
  doomed = await AppProcess.start({ ...settings, INSTANCE_ID: DOOMED });
  api = new Api(survivor.url);
  admin = await api.admin();
});
afterAll(async () => {
  await doomed.kill();
  expect(await survivor.stop()).toBe(0);
  await redis.close();
  await database.onApplicationShutdown();
  await Promise.all([server.stop(), own.drop()]);
});

/** Shoppers at one of the instances. */
async function shoppingAt({ url }: AppProcess): Promise<Shopping> {
  const skuIds = await api.skus({}, {}, {}, {});
  const shoppers = await Promise.all(Array.from({ length: SHOPPERS }, () => new Api(url).login()));
  return Shopping.begin(shoppers, skuIds);
}

async function metric({ url }: AppProcess, name: string): Promise<number> {
  const { body } = await new Api(url).call<string>('GET', '/metrics');
  const lines = body.split('\n').filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** How many entries an instance has read from the outbox and not given to the broker. */
async function inHand(instance: string): Promise<number> {
  const [, , , consumers] = await redis.command<[number, string, string, [name: string, count: string][] | null]>([
    ...['XPENDING', 'cart:outbox', 'relay'],
  ]);
  return Number(consumers?.find(([name]) => name === instance)?.[1] ?? 0);
}

/** Stops the doomed one at a moment when it has entries in its hands, and nothing on its way that would let go of them. */
async function freezeWithEntries(): Promise<number> {
  return eventually(
    async () => {
      expect(await inHand(DOOMED)).toBeGreaterThan(0);
      process.kill(doomed.pid, 'SIGSTOP');
      await delay(200);
      const held = await inHand(DOOMED);
      if (held === 0) process.kill(doomed.pid, 'SIGCONT');
      return held;
    },
    { timeoutMs: 120_000, intervalMs: 1 },
  );
}

it('share the work of the relay, and run the clock once', async () => {
  const both = [survivor, doomed];
  const shoppings = await Promise.all(both.map(shoppingAt));
  const relayed = () => Promise.all(both.map((app) => metric(app, 'cart_outbox_relayed_total')));
  try {
    await eventually(async () => expect(Math.min(...(await relayed()))).toBeGreaterThan(100), { timeoutMs: 120_000 });
    await eventually(async () => {
      const ended = await database.query("SELECT 1 FROM sync_run WHERE kind = 'hourly' AND status = 'succeeded'");
      expect(ended.length).toBeGreaterThan(4);
    });
  } finally {
    await Promise.all(shoppings.map((shopping) => shopping.stop()));
  }
  const acknowledged = await Promise.all(shoppings.map((shopping) => shopping.prove(api)));
  await assertDrained({ admin, database }, new Map(acknowledged.flatMap((one) => [...one])));
  expect(shoppings.flatMap(({ failures }) => failures)).toEqual([]);
  // Each moment once; and what has run is what is on record, so that no other was begun beside it.
  const runs = await database.query<{ due_at: string }>("SELECT due_at FROM sync_run WHERE kind = 'hourly'");
  expect(new Set(runs.map((run) => run.due_at)).size).toBe(runs.length);
  const ran = await Promise.all(both.map((app) => metric(app, 'cart_sync_runs_total{kind="hourly"')));
  const after = await database.query("SELECT 1 FROM sync_run WHERE kind = 'hourly'");
  const [fewest, most] = [runs.length - 1, after.length];
  expect(ran[0]! + ran[1]!).toBeGreaterThanOrEqual(fewest);
  expect(ran[0]! + ran[1]!).toBeLessThanOrEqual(most);
});

it('kill -9 of one that has entries in its hands loses nothing: the other takes them over', async () => {
  const [here, there] = await Promise.all([survivor, doomed].map(shoppingAt));
  try {
    await eventually(() => expect(Math.min(here!.calls, there!.calls)).toBeGreaterThan(5 * SHOPPERS));
    await freezeWithEntries();
    await doomed.kill();
    await eventually(async () => expect(await inHand(DOOMED)).toBe(0), { timeoutMs: 60_000 });
  } finally {
    await Promise.all([here!.stop(), there!.stop()]);
  }
  expect(here!.failures).toEqual([]);
  const acknowledged = await Promise.all([here!, there!].map((shopping) => shopping.prove(api)));
  await assertDrained({ admin, database }, new Map(acknowledged.flatMap((one) => [...one])));
});
