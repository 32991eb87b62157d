import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CartLoader, CartStore } from '@app/cart';
import { CartTable, Database } from '@app/database';
import { keys, NoopLockService, RedisConnection } from '@app/redis';
import { SyncService } from '@app/sync';
import { createDataSource } from '../../ormconfig.js';
import { newRow, newSku, ruleOf, SNAPSHOT, toAdd } from '../support/factories.js';
import { freshUserId, services, testEnv } from '../support/services.js';

// A database of its own in Redis, where no relay reads: what MySQL gets, the sync has written.
const env = testEnv();
const redis = new RedisConnection({ url: `${services().redisUrl}/1` });
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

async function userWith(count: number) {
  const owner = { kind: 'user', id: freshUserId() } as const;
  const skus = Array.from({ length: count }, () => newSku());
  for (const sku of skus) await loader.write(owner, () => store.add(owner, toAdd(env, sku, 2), {}));
  return { owner, userId: owner.id, skus };
}

describe('a forced sync', () => {
  it('writes what MySQL lacks, and nothing the second time', async () => {
    const { userId } = await userWith(3);
    expect((await sync.diff(userId)).inSync).toBe(false);
    expect(await sync.sync(userId)).toMatchObject({ written: 3, softDeleted: 0, unchanged: 0 });
    expect(await sync.diff(userId)).toMatchObject({ inSync: true, items: [{ equal: true }, {}, {}] });
    expect(await sync.sync(userId)).toMatchObject({ written: 0, softDeleted: 0, unchanged: 3 });
  });

  it('deletes what was removed, and the tombstone goes', async () => {
    const { owner, userId, skus } = await userWith(2);
    await sync.sync(userId);
    await store.remove(owner, [skus[0]!.skuId], {});
    expect(await sync.sync(userId)).toMatchObject({ written: 0, softDeleted: 1, unchanged: 1 });
    expect((await store.picture(userId)).removed).toEqual([]);
    expect((await table.loadAll(userId)).filter((row) => row.deleted)).toHaveLength(1);
  });

  it('mends a row somebody changed by hand, although its version is the same', async () => {
    const { userId, skus } = await userWith(2);
    await sync.sync(userId);
    await database.query('UPDATE cart SET product_sku_num = 77 WHERE user_id = ? AND product_sku_id = ?', [
      userId,
      skus[0]!.skuId,
    ]);
    const found = await sync.diff(userId);
    expect(found.items.filter((item) => !item.equal)).toMatchObject([
      { skuId: skus[0]!.skuId, mysql: { quantity: 77 } },
    ]);
    expect(await sync.sync(userId)).toMatchObject({ written: 1, unchanged: 1 });
    expect((await sync.diff(userId)).inSync).toBe(true);
    expect((await table.load(userId)).rows.every((row) => row.quantity === 2)).toBe(true);
    // Also by the queue, in case the process had died before it wrote.
    const stream = JSON.stringify(await redis.command(['XRANGE', keys.outbox, '-', '+']));
    expect(stream).toMatch(new RegExp(`"user:${userId}"[^\\]]*"repair"[^\\]]*"${skus[0]!.skuId} 2 0 2 `));
  });

  it('does not take an old row over a newer item because of a removal long before', async () => {
    const { owner, userId, skus } = await userWith(1);
    await sync.sync(userId);
    await redis.command(['HSET', keys.removed(`user:${userId}`), skus[0]!.skuId, `0 1 339 1 1 1 7 ${SNAPSHOT}`]);
    await store.update(
      owner,
      { skuId: skus[0]!.skuId, rule: ruleOf(env, skus[0]!), change: { mode: 'delta', amount: 5 } },
      {},
    );
    await sync.sync(userId);
    expect((await store.read(owner))!.badge.quantity).toBe(7);
    expect((await table.load(userId)).rows).toMatchObject([{ quantity: 7 }]);
  });

  it('restores an item that only MySQL still has, and never deletes its row', async () => {
    const { owner, userId, skus } = await userWith(2);
    await sync.sync(userId);
    // As a truncated append-only file would: the item is gone and no tombstone says why.
    await redis.command(['HDEL', keys.cart(`user:${userId}`), skus[0]!.skuId]);
    expect((await sync.diff(userId)).inSync).toBe(false);
    const { version } = (await store.read(owner))!;
    await sync.sync(userId);
    const restored = (await store.read(owner))!;
    expect(restored).toMatchObject({ badge: { skus: 2, quantity: 4 }, items: [{}, {}] });
    // The same version must never name two contents.
    expect(restored.version).not.toBe(version);
    expect((await sync.diff(userId)).inSync).toBe(true);
  });

  it('takes over what MySQL has in a higher version', async () => {
    const { owner, userId, skus } = await userWith(1);
    const version = String(BigInt((await store.read(owner))!.version) + 1_000_000_000n);
    await table.upsert([newRow(userId, { skuId: skus[0]!.skuId, version, quantity: 9 })]);
    await sync.sync(userId);
    const cart = (await store.read(owner))!;
    expect(cart).toMatchObject({ badge: { quantity: 9 }, items: [{ quantity: 9, version }] });
    expect(BigInt(cart.version)).toBeGreaterThan(BigInt(version));
  });

  it('loads a cold cart first instead of taking it for an empty one', async () => {
    const userId = freshUserId();
    await table.upsert([newRow(userId), newRow(userId)]);
    expect(await sync.sync(userId)).toMatchObject({ written: 0, softDeleted: 0, unchanged: 2 });
    expect((await table.load(userId)).rows).toHaveLength(2);
  });

  it('is right while shoppers change the cart and the same cart is synced elsewhere', async () => {
    const { owner, userId, skus } = await userWith(5);
    const edits = Array.from({ length: 60 }, async (_, i) => {
      const sku = skus[i % skus.length]!;
      if (i % 3 === 0) await store.remove(owner, [sku.skuId], {});
      else await store.add(owner, toAdd(env, sku), {});
    });
    const syncs = Array.from({ length: 10 }, () => sync.sync(userId).catch(() => undefined));
    await Promise.all([...edits, ...syncs]);
    await sync.sync(userId);
    expect((await sync.diff(userId)).inSync).toBe(true);
    expect((await store.picture(userId)).removed).toEqual([]);
  });
});

describe('a repair', () => {
  it('is not made when the cart has changed since the comparison: no removed item comes back', async () => {
    const { owner, userId, skus } = await userWith(1);
    const compared = (await store.read(owner))!.version;
    await store.remove(owner, [skus[0]!.skuId], {});
    const stale = newRow(userId, { skuId: skus[0]!.skuId, version: compared });
    const plan = { version: compared, maxRowVersion: compared, restamp: [], takeOver: [stale] };
    expect(await store.repair(userId, plan)).toBeUndefined();
    expect((await store.read(owner))!.items).toEqual([]);
  });
});
