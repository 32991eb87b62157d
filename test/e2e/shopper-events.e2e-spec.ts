import { afterAll, beforeAll, expect, it } from 'vitest';
import { Database } from '@app/database';
import { createDataSource } from '../../ormconfig.js';
import { Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { sharedBroker } from '../support/broker.js';
import { eventually } from '../support/eventually.js';
import { services } from '../support/services.js';
import { subscribe } from '../support/shopper-events.js';

const database = new Database(createDataSource(services().databaseUrl));
const broker = sharedBroker();
let app: AppProcess;
let api: Api;
let admin: Shopper;
let subscriber: Awaited<ReturnType<typeof subscribe>>;

beforeAll(async () => {
  const [topic, group] = [await broker.newTopic(), await broker.newGroup()];
  app = await AppProcess.start({ SHOPPER_EVENTS_TOPIC: topic });
  api = new Api(app.url);
  admin = await api.admin();
  subscriber = await subscribe(broker.endpoints, topic, group);
});
afterAll(async () => {
  await subscriber.close();
  expect(await app.stop()).toBe(0);
  await database.onApplicationShutdown();
});

const eventsOf = (skuId: string) => subscriber.received.filter((event) => 'skuId' in event && event.skuId === skuId);
const inMysql = (users: Shopper[]) =>
  eventually(async () => {
    const ids = users.map(({ id }) => id);
    expect(await database.query('SELECT DISTINCT user_id FROM cart WHERE user_id IN (?)', [ids])).toHaveLength(
      ids.length,
    );
  });

it('a lower price and a return are told to each user who holds the SKU, once, and to no guest', async () => {
  const [skuId] = (await api.skus({ price: 1_000, stock: 50 })) as [string];
  const users = await Promise.all(Array.from({ length: 5 }, () => api.login()));
  const gone = await api.login();
  const guest = await api.guest();
  await Promise.all([...users, gone, guest].map((shopper) => shopper.add(skuId, 2)));
  await gone.delete(`/v1/cart/items/${skuId}`);
  await inMysql([...users, gone]);

  for (let i = 0; i < 3; i++) await admin.patch(`/v1/admin/skus/${skuId}`, { price: '8.00' });
  await eventually(() => expect(eventsOf(skuId)).toHaveLength(users.length), { timeoutMs: 60_000 });
  // No more than was told already, or hardly.
  for (const price of ['8.00', '8.50', '8.00', '7.90']) await admin.patch(`/v1/admin/skus/${skuId}`, { price });
  await admin.patch(`/v1/admin/skus/${skuId}`, { stock: 0 });
  await admin.patch(`/v1/admin/skus/${skuId}`, { stock: 3 });
  await eventually(() => expect(eventsOf(skuId)).toHaveLength(2 * users.length), { timeoutMs: 60_000 });

  const pending = () => database.query('SELECT 1 FROM sku_signal WHERE sku_id = ?', [skuId]);
  await eventually(async () => expect(await pending()).toEqual([]));
  const told = (type: string) =>
    eventsOf(skuId)
      .filter((event) => event.type === type)
      .map((event) => event.userId)
      .sort();
  const ids = users.map(({ id }) => id).sort();
  expect([told('cart.price_dropped'), told('cart.back_in_stock')]).toEqual([ids, ids]);
  expect(eventsOf(skuId).find(({ type }) => type === 'cart.price_dropped')).toMatchObject({
    ...{ quantity: 2, addPrice: '10.00', knownPrice: '10.00', price: '8.00', available: true },
  });
  expect(JSON.stringify(eventsOf(skuId))).not.toContain(guest.id);
});

it('what waits for the broker shows in the metrics and in the health', async () => {
  expect((await api.call('GET', '/metrics')).body).toMatch(/^cart_shopper_events_unsent \d+$/m);
  expect((await api.call('GET', '/health/ready')).body).toMatchObject({ status: 'ok', checks: { events: 'ok' } });
});
