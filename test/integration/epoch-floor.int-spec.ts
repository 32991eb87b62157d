import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { CartLoader, CartStore, VersionFloor } from '@app/cart';
import { CartTable, Database } from '@app/database';
import { keys, NoopLockService, RedisConnection } from '@app/redis';
import { Epochs, SyncService } from '@app/sync';
import { createDataSource } from '../../ormconfig.js';
import { eventually } from '../support/eventually.js';
import { newRow, newSku, toAdd } from '../support/factories.js';
import { OwnDatabase } from '../support/own-database.js';
import { RedisServer } from '../support/redis-server.js';
import { freshUserId, testEnv } from '../support/services.js';

// Servers of its own: the floor is that of all rows.
const env = testEnv();
let server: RedisServer;
let own: OwnDatabase;
let redis: RedisConnection;
let table: CartTable;
let database: Database;

beforeAll(async () => {
  Logger.overrideLogger(false);
  [server, own] = await Promise.all([RedisServer.start(), OwnDatabase.create()]);
  redis = new RedisConnection({ url: server.url });
  await redis.connect();
  database = new Database(createDataSource(own.url));
  table = new CartTable(database);
});
beforeEach(async () => {
  await redis.command(['FLUSHALL']);
  await database.query('DELETE FROM cart');
});
afterAll(async () => {
  await redis.close();
  await database.onApplicationShutdown();
  await Promise.all([server.stop(), own.drop()]);
});

/** What one process has. */
function instance(rows: Pick<CartTable, 'highestVersion'> = table) {
  const floor = new VersionFloor(redis, rows as CartTable);
  onTestFinished(() => floor.beforeApplicationShutdown());
  const store = new CartStore(redis, env, floor);
  const loader = new CartLoader(store, table, new NoopLockService());
  return { floor, store, loader, sync: new SyncService(store, loader, table) };
}

/** A user with one item, as a Redis has it that does not know of the row MySQL keeps: a day ahead of its clock. */
async function behind() {
  const owner = { kind: 'user', id: freshUserId() } as const;
  const sku = newSku();
  const store = new CartStore(redis, env);
  const loader = new CartLoader(store, table, new NoopLockService());
  await loader.write(owner, () => store.add(owner, toAdd(env, sku, 2), {}));
  const version = String(((await redis.time()) + 86_400_000) * 1_000);
  await table.upsert([newRow(owner.id, { skuId: sku.skuId, quantity: 9, version })]);
  return { owner, sku, version };
}

const add = ({ store, loader }: ReturnType<typeof instance>, { owner, sku }: Awaited<ReturnType<typeof behind>>) =>
  loader.write(owner, () => store.add(owner, toAdd(env, sku, 1), {}));

it('B19: a write in a new epoch has a higher version than a row of a clock that was ahead, and MySQL takes it', async () => {
  const cart = await behind();
  const process = instance();
  await add(process, cart);
  const [item] = (await process.store.read(cart.owner))!.items;
  expect(Number(item!.version)).toBeGreaterThan(Number(cart.version));
  await process.sync.sync(cart.owner.id);
  expect((await table.load(cart.owner.id)).rows).toMatchObject([{ quantity: 3, version: item!.version }]);
});

it("B19: the floor is read from MySQL once in an epoch, and from the epoch's record by every other process", async () => {
  const cart = await behind();
  await new Epochs(redis).current();
  let reads = 0;
  const counted = { highestVersion: () => ((reads += 1), table.highestVersion()) };
  for (let i = 0; i < 3; i++) {
    const process = instance(counted);
    await add(process, cart);
    await add(process, cart);
    expect(await process.floor.current()).toBe(cart.version);
  }
  expect(reads).toBe(1);
  expect(await redis.command(['HGET', keys.epoch, 'floor'])).toBe(`${await redis.runId()} ${cart.version}`);
});

it('B19: ignores the floor of another server, and gives an emptied Redis its own', async () => {
  const cart = await behind();
  await redis.command(['HSET', keys.epoch, 'floor', 'f00d 7']);
  const { floor } = instance();
  expect(await floor.current()).toBe(cart.version);
  const later = String(Number(cart.version) + 1_000);
  await table.upsert([newRow(cart.owner.id, { skuId: cart.sku.skuId, quantity: 1, version: later })]);
  const epochs = new Epochs(redis, floor);
  await redis.command(['FLUSHALL']);
  await epochs.current();
  expect(await floor.current()).toBe(later);
});

it('B19: carts go on while MySQL is unavailable, and have the floor when it is back', async () => {
  const cart = await behind();
  let isBack = false;
  const process = instance({
    highestVersion: () => (isBack ? table.highestVersion() : Promise.reject(new Error('unavailable'))),
  });
  expect(await add(process, cart)).toMatchObject({ code: 'OK' });
  expect(await process.floor.current()).toBe('0');
  isBack = true;
  await eventually(async () => expect(await process.floor.current()).toBe(cart.version));
});

it('B19: a row that leaves no room above its version raises nothing', async () => {
  const cart = await behind();
  await table.upsert([newRow(freshUserId(), { skuId: cart.sku.skuId, quantity: 1, version: '8999999999999999' })]);
  expect(await instance().floor.current()).toBe(cart.version);
});
