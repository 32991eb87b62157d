import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CartLoader, CartStore } from '@app/cart';
import { CartTable, Database } from '@app/database';
import { keys, NoopLockService, RedisConnection } from '@app/redis';
import { SyncService } from '@app/sync';
import { createDataSource } from '../../ormconfig.js';
import { newSku, toAdd } from '../support/factories.js';
import { freshUserId, services, testEnv } from '../support/services.js';

// A database of its own in Redis, where no relay reads.
const env = testEnv();
const redis = new RedisConnection({ url: `${services().redisUrl}/5` });
const database = new Database(createDataSource(services().databaseUrl));
const table = new CartTable(database);
const store = new CartStore(redis, env);
const loader = new CartLoader(store, table, new NoopLockService());
const sync = new SyncService(store, loader, table);

beforeAll(() => redis.connect());
afterAll(async () => {
  await redis.close();
  await database.onApplicationShutdown();
});

/** A user with two of one SKU and two of another; the row of the first is edited as the SQL says. */
async function userWithRow(edit: string) {
  const owner = { kind: 'user', id: freshUserId() } as const;
  const [edited, other] = [newSku(), newSku()];
  for (const sku of [edited, other]) await loader.write(owner, () => store.add(owner, toAdd(env, sku, 2), {}));
  await sync.sync(owner.id);
  await database.query(`UPDATE cart SET ${edit} WHERE user_id = ? AND product_sku_id = ?`, [owner.id, edited.skuId]);
  return { owner, edited, other, key: keys.cart(`user:${owner.id}`) };
}

describe.each([
  ['no quantity', 'product_sku_num = 0'],
  ['a quantity below zero', 'product_sku_num = -2'],
  ['a price below zero', 'add_amount = -5'],
  ['a snapshot without its fields', `snapshot = '{}'`],
  ['a flag that is none', 'is_deleted = 2'],
])('a row with %s', (_, edit) => {
  it('is mended by a sync from what Redis has', async () => {
    const { owner, edited } = await userWithRow(edit);
    const before = await sync.diff(owner.id);
    expect(before.items.find(({ skuId }) => skuId === edited.skuId)).toMatchObject({ mysql: null, equal: false });
    expect(await sync.sync(owner.id)).toMatchObject({ written: 1, softDeleted: 0, unchanged: 1 });
    const after = await sync.diff(owner.id);
    expect(after.inSync).toBe(true);
    expect(after.items.map(({ mysql }) => mysql?.quantity)).toEqual([2, 2]);
  });

  it('is left out of a cart that comes from MySQL, and its version counts', async () => {
    const { owner, edited, other, key } = await userWithRow(edit);
    const { version } = (await store.read(owner))!;
    await redis.command(['DEL', key]);
    const cart = await loader.read(owner);
    expect(cart.items.map(({ skuId, quantity }) => [skuId, quantity])).toEqual([[other.skuId, 2]]);
    expect(cart.badge).toMatchObject({ skus: 1, quantity: 2 });
    const result = await loader.write(owner, () => store.add(owner, toAdd(env, edited, 1), {}));
    expect(result).toMatchObject({ code: 'OK', cart: { badge: { skus: 2, quantity: 3 } } });
    expect(BigInt((await store.read(owner))!.version)).toBeGreaterThan(BigInt(version));
    await sync.sync(owner.id);
    expect((await sync.diff(owner.id)).inSync).toBe(true);
  });
});
