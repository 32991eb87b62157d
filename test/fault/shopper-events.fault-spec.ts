import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { CartTable, Database } from '@app/database';
import { createDataSource } from '../../ormconfig.js';
import { Api } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { sharedBroker } from '../support/broker.js';
import { eventually } from '../support/eventually.js';
import { newRow } from '../support/factories.js';
import { OwnDatabase } from '../support/own-database.js';
import { freshUserId, services } from '../support/services.js';
import { subscribe } from '../support/shopper-events.js';

const USERS = 1_200;
const broker = sharedBroker();
let own: OwnDatabase;
let database: Database;

beforeAll(async () => {
  own = await OwnDatabase.create();
  database = new Database(createDataSource(own.url));
});
afterAll(async () => {
  await database.onApplicationShutdown();
  await own.drop();
});

it('a process that dies at any step loses nothing: the last one tells everybody, and there is one event for each', async () => {
  const [topic, group] = [await broker.newTopic(), await broker.newGroup()];
  const subscriber = await subscribe(broker.endpoints, topic, group);
  onTestFinished(() => subscriber.close());
  const settings = { DATABASE_URL: own.url, REDIS_URL: `${services().redisUrl}/7`, SHOPPER_EVENTS_TOPIC: topic };
  const start = async (crashAt?: string) => {
    const app = await AppProcess.start({ ...settings, ...(crashAt && { CRASH_AT: crashAt }) });
    onTestFinished(() => app.kill());
    return app;
  };
  const dead = ({ pid }: AppProcess) =>
    eventually(() => expect(() => process.kill(pid, 0)).toThrow(), { timeoutMs: 60_000 });

  const first = await start('sku-signal-moved');
  const api = new Api(first.url);
  const [skuId] = (await api.skus({ price: 10_000 })) as [string];
  const rows = Array.from({ length: USERS }, () => newRow(freshUserId(), { skuId, addPrice: 10_000 }));
  await new CartTable(database).upsert(rows);
  await (await api.admin()).patch(`/v1/admin/skus/${skuId}`, { price: '50.00' });
  await dead(first);
  expect(await database.query('SELECT 1 FROM sku_signal WHERE after_id = 0')).toHaveLength(1);
  // It may be dead before it is seen to be ready.
  for (const step of ['shopper-events-added', 'shopper-events-sent']) await start(step).then(dead, () => undefined);
  const last = await start();

  const ids = rows.map(({ userId }) => userId).sort();
  const heard = () => [...new Set(subscriber.received.map(({ userId }) => userId))].sort();
  await eventually(() => expect(heard()).toEqual(ids), { timeoutMs: 90_000, intervalMs: 500 });
  const kept = await database.query<{ user_id: string }>('SELECT user_id FROM shopper_event');
  expect(kept.map((row) => String(row.user_id)).sort()).toEqual(ids);
  // What came twice is the same event.
  expect(new Set(subscriber.received.map(({ id }) => id)).size).toBe(USERS);
  await eventually(() => expect(subscriber.received.length).toBeGreaterThan(USERS));
  await eventually(async () => expect(await database.query('SELECT 1 FROM sku_signal')).toEqual([]));
  expect(await last.stop()).toBe(0);
}, 600_000);
