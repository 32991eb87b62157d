import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CartLoader, CartStore, toCartChanged } from '@app/cart';
import { CartTable, Database, parseOutboxEntry, toCartRows } from '@app/database';
import { keys, NoopLockService, RedisConnection } from '@app/redis';
import { RebuildService, SyncService } from '@app/sync';
import { createDataSource } from '../../ormconfig.js';
import { newRow, newSku, toAdd } from '../support/factories.js';
import { freshUserId, services, testEnv } from '../support/services.js';

// A database of its own in Redis, where no relay reads.
const env = testEnv();
const redis = new RedisConnection({ url: `${services().redisUrl}/5` });
const database = new Database(createDataSource(services().databaseUrl));
const table = new CartTable(database);
const store = new CartStore(redis, env);
const loader = new CartLoader(store, table, new NoopLockService());
const sync = new SyncService(store, loader, table);
const rebuilder = new RebuildService(store, table, sync);

beforeAll(() => redis.connect());
afterAll(async () => {
  await redis.close();
  await database.onApplicationShutdown();
});

async function userWith(count: number) {
  const owner = { kind: 'user', id: freshUserId() } as const;
  const skus = Array.from({ length: count }, () => newSku());
  for (const sku of skus) await loader.write(owner, () => store.add(owner, toAdd(env, sku, 2), {}));
  return { owner, userId: owner.id, skuIds: skus.map((sku) => sku.skuId), skus };
}

/** Every event of a user that is still on its way, as rows. */
async function onItsWay(userId: string) {
  const entries = await redis.command<[id: string, fields: string[]][]>(['XRANGE', keys.outbox, '-', '+']);
  return entries.map(([, fields]) => parseOutboxEntry(fields)).filter(({ owner }) => owner.id === userId);
}

describe('a rebuild', () => {
  it('of a cart that is equal changes nothing', async () => {
    const { userId } = await userWith(3);
    const { version } = await sync.sync(userId);
    expect(await rebuilder.rebuild(userId, false)).toEqual({ written: 0, softDeleted: 0, unchanged: 3, version });
  });

  it('takes what MySQL has in a higher version, brings back what Redis lost, and drops what MySQL knows to be gone', async () => {
    const { owner, userId, skuIds } = await userWith(4);
    await sync.sync(userId);
    const [newer, lost, gone] = skuIds as [string, string, string];
    const version = String(BigInt((await store.read(owner))!.version) + 1_000_000_000n);
    await table.upsert([newRow(userId, { skuId: newer, version, quantity: 9 })]);
    await table.upsert([newRow(userId, { skuId: gone, version, quantity: 0, deleted: true })]);
    await redis.command(['HDEL', keys.cart(`user:${userId}`), lost]);
    const result = await rebuilder.rebuild(userId, false);
    expect(result).toMatchObject({ written: 2, softDeleted: 1, unchanged: 1 });
    const cart = (await store.read(owner))!;
    expect(BigInt(cart.version)).toBeGreaterThan(BigInt(version));
    expect(cart.badge).toMatchObject({ skus: 3, quantity: 2 + 2 + 9, selectedSkus: 3 });
    expect((await sync.diff(userId)).inSync).toBe(true);
  });

  it('takes a row that was edited by hand, although its version is the same', async () => {
    const { owner, userId, skuIds } = await userWith(2);
    await sync.sync(userId);
    await database.query('UPDATE cart SET product_sku_num = 77 WHERE user_id = ? AND product_sku_id = ?', [
      ...[userId, skuIds[0]],
    ]);
    expect(await rebuilder.rebuild(userId, false)).toMatchObject({ written: 1, unchanged: 1 });
    expect((await store.read(owner))!.badge.quantity).toBe(79);
    expect((await sync.diff(userId)).inSync).toBe(true);
  });

  it('is refused when Redis has a newer item or removal, and leaves both as they are', async () => {
    const { owner, userId, skuIds, skus } = await userWith(3);
    await sync.sync(userId);
    await store.add(owner, toAdd(env, skus[0]!), {});
    await store.remove(owner, [skuIds[1]!], {});
    const before = [await store.picture(userId), await table.loadAll(userId)];
    const refused = rebuilder.rebuild(userId, false);
    await expect(refused).rejects.toMatchObject({ code: 'REDIS_NEWER', status: 409 });
    const { details } = (await refused.catch((error: unknown) => error)) as { details: { skuId: string }[] };
    expect(details.map(({ skuId }) => skuId).sort()).toEqual([skuIds[0], skuIds[1]].sort());
    expect([await store.picture(userId), await table.loadAll(userId)]).toEqual(before);
  });

  it('loads a cold cart', async () => {
    const userId = freshUserId();
    await table.upsert([newRow(userId), newRow(userId)]);
    expect(await rebuilder.rebuild(userId, false)).toMatchObject({ written: 0, softDeleted: 0, unchanged: 2 });
  });

  it('is right while shoppers change the cart', async () => {
    const { owner, userId, skus } = await userWith(3);
    await sync.sync(userId);
    const edits = Array.from({ length: 40 }, (_, i) => store.add(owner, toAdd(env, skus[i % 3]!), {}));
    const rebuilds = Array.from({ length: 5 }, () => rebuilder.rebuild(userId, true).catch(() => undefined));
    await Promise.all([...edits, ...rebuilds]);
    await sync.sync(userId);
    expect((await sync.diff(userId)).inSync).toBe(true);
    const cart = (await store.read(owner))!;
    expect(cart.badge.quantity).toBe(cart.items.reduce((sum, item) => sum + item.quantity, 0));
  });
});

describe('a forced rebuild', () => {
  it('makes Redis what MySQL has, and nothing on its way to MySQL undoes it, in whatever order it comes', async () => {
    const { owner, userId, skuIds, skus } = await userWith(3);
    await sync.sync(userId);
    const [raised, removed, kept] = skuIds as [string, string, string];
    await store.add(owner, toAdd(env, skus[0]!, 5), {});
    await store.remove(owner, [removed], {});
    const fresh = newSku();
    await store.add(owner, toAdd(env, fresh), {});
    const result = await rebuilder.rebuild(userId, true);
    expect(result).toMatchObject({ written: 3, softDeleted: 1, unchanged: 0 });

    const cart = (await store.read(owner))!;
    expect(cart.version).toBe(result.version);
    expect(new Map(cart.items.map(({ skuId, quantity }) => [skuId, quantity]))).toEqual(
      new Map([raised, removed, kept].map((skuId) => [skuId, 2])),
    );
    expect(cart.items.every((item) => item.version === cart.version)).toBe(true);
    expect(cart.badge).toEqual({ skus: 3, quantity: 6, selectedSkus: 3, selectedQuantity: 6 });
    const rows = async () => (await table.loadAll(userId)).sort((a, b) => (a.skuId < b.skuId ? -1 : 1));
    const stored = await rows();
    // All that is on its way comes now, the oldest last.
    const events = await onItsWay(userId);
    expect(events.map(({ action }) => action)).toContain('rebuild');
    for (const event of events.reverse()) await table.upsert(toCartRows(event));
    expect(await rows()).toEqual(stored);
    expect((await sync.diff(userId)).inSync).toBe(true);
    expect((await store.picture(userId)).removed).toEqual([]);
    expect(events.every((event) => toCartChanged(event, 1).items.length > 0)).toBe(true);
  });

  it('tells MySQL of what it drops also when the process dies before it has written it', async () => {
    const { owner, userId } = await userWith(1);
    const picture = await sync.picture(userId);
    const [item] = picture.cart.items;
    const version = await store.rebuild(userId, {
      version: picture.cart.version,
      maxRowVersion: String(BigInt(picture.cart.version) + 5_000_000_000n),
      steps: [{ skuId: item!.skuId, what: 'drop' }],
    });
    expect(BigInt(version!)).toBe(BigInt(picture.cart.version) + 5_000_000_001n);
    expect((await store.read(owner))!.items).toEqual([]);
    expect((await store.picture(userId)).removed).toMatchObject([{ skuId: item!.skuId, quantity: 0, version }]);
    expect((await onItsWay(userId)).at(-1)).toMatchObject({
      action: 'rebuild',
      source: 'admin',
      items: [{ deleted: true }],
    });
  });

  it('is made only at the version that was compared', async () => {
    const { owner, userId, skus } = await userWith(1);
    const { cart } = await sync.picture(userId);
    await store.add(owner, toAdd(env, skus[0]!), {});
    const steps = [{ skuId: skus[0]!.skuId, what: 'drop' }] as const;
    expect(await store.rebuild(userId, { version: cart.version, maxRowVersion: '0', steps })).toBeUndefined();
    expect((await store.read(owner))!.badge.quantity).toBe(3);
  });
});
