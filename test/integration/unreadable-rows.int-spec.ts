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
  ['B14: a version that no clock gives', 'version = 9007199254740993'],
  ['B14: the highest version a column holds', 'version = 9223372036854775807'],
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

describe('A15: the flag of a removed row, set back by hand', () => {
  async function withWrongFlag() {
    const { owner, edited } = await userWithRow('is_deleted = 0');
    await loader.write(owner, () => store.remove(owner, [edited.skuId], {}));
    await sync.sync(owner.id);
    const where = 'WHERE user_id = ? AND product_sku_id = ?';
    const flag = async () => {
      const [row] = await database.query<{ is_deleted: number }>(`SELECT is_deleted FROM cart ${where}`, [
        owner.id,
        edited.skuId,
      ]);
      return row!.is_deleted;
    };
    expect(await flag()).toBe(1);
    await database.query(`UPDATE cart SET is_deleted = 0 ${where}`, [owner.id, edited.skuId]);
    return { owner, edited, flag };
  }

  it('A15: is a difference, which a sync repairs', async () => {
    const { owner, edited, flag } = await withWrongFlag();
    const { inSync, items } = await sync.diff(owner.id);
    expect(inSync).toBe(false);
    expect(items.find(({ skuId }) => skuId === edited.skuId)).toMatchObject({ redis: null, equal: false });
    expect(await sync.sync(owner.id)).toMatchObject({ softDeleted: 1 });
    expect(await flag()).toBe(1);
    expect(await sync.diff(owner.id)).toMatchObject({ inSync: true });
    expect((await sync.sync(owner.id)).softDeleted).toBe(0);
  });

  it('A15: is repaired by the run of the clock too, and counts as drift', async () => {
    const { owner, flag } = await withWrongFlag();
    expect(await sync.verifiedVersion(owner.id)).toBeUndefined();
    expect(await sync.reconcile(owner.id, '0')).toMatchObject({ drift: 1, softDeleted: 1 });
    expect(await flag()).toBe(1);
    expect(await sync.reconcile(owner.id, '0')).toMatchObject({ drift: 0 });
  });
});

describe('B14: a version that no clock gives', () => {
  it('B14: never reaches a cart that is loaded from its row, and the cart goes on', async () => {
    const { owner, other, key } = await userWithRow('version = 9007199254740993');
    await redis.command(['DEL', key]);
    expect((await loader.read(owner)).items.map(({ skuId }) => skuId)).toEqual([other.skuId]);
    const versions = new Set<string>();
    for (let i = 0; i < 3; i++) {
      const result = await loader.write(owner, () => store.add(owner, toAdd(env, other), {}));
      versions.add(result.code === 'OK' ? result.cart.version : result.code);
    }
    expect(versions.size).toBe(3);
    expect([...versions].every((version) => version.length === 16)).toBe(true);
  });
});
