import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CartLoader, CartOwner, CartStore } from '@app/cart';
import { Metrics } from '@app/common';
import { CartTable, Database, DatabaseUnavailableError } from '@app/database';
import { keys, NoopLockService, RedisConnection } from '@app/redis';
import { RebuildService, SyncService } from '@app/sync';
import { UnreadableFields } from '../../libs/cart/src/unreadable-fields.js';
import { createDataSource } from '../../ormconfig.js';
import { newSku, toAdd } from '../support/factories.js';
import { freshUserId, services, testEnv } from '../support/services.js';

// A database of its own in Redis, where no relay reads.
const env = testEnv();
const redis = new RedisConnection({ url: `${services().redisUrl}/5` });
const database = new Database(createDataSource(services().databaseUrl));
const table = new CartTable(database);
const store = new CartStore(redis, env);
const metrics = new Metrics();
const loader = new CartLoader(store, table, new NoopLockService(), new UnreadableFields(metrics));
const sync = new SyncService(store, loader, table);
const rebuilder = new RebuildService(store, table, sync);

beforeAll(() => redis.connect());
beforeEach(() => metrics.registry.resetMetrics());
afterAll(async () => {
  await redis.close();
  await database.onApplicationShutdown();
});

const GARBAGE = 'somebody else was here';

/** A cart with two of each SKU, which MySQL has, too. */
async function userWith(count: number) {
  const owner = { kind: 'user', id: freshUserId() } as const;
  const skus = Array.from({ length: count }, () => newSku());
  for (const sku of skus) await loader.write(owner, () => store.add(owner, toAdd(env, sku, 2), {}));
  await sync.sync(owner.id);
  return { owner, skus, key: keys.cart(`user:${owner.id}`) };
}

const damage = (key: string, ...fields: string[]) =>
  redis.command(['HSET', key, ...fields.flatMap((field) => [field, GARBAGE])]);

const quantities = async (owner: CartOwner) =>
  new Map((await loader.read(owner)).items.map(({ skuId, quantity }) => [skuId, quantity]));

const counted = async () =>
  (await metrics.registry.getSingleMetric('cart_unreadable_fields_total')!.get()).values[0]!.value;

/** A loader whose MySQL is away. */
function withoutMysql(): CartLoader {
  const away = () => Promise.reject(new DatabaseUnavailableError('MySQL is away'));
  return new CartLoader(store, Object.assign(Object.create(table) as CartTable, { load: away }), new NoopLockService());
}

describe('a cart with a field that nobody can read', () => {
  it('is read with what MySQL has of it, and mended by the way', async () => {
    const { owner, skus, key } = await userWith(3);
    const { version } = (await store.read(owner))!;
    const [lost] = skus.map(({ skuId }) => skuId) as [string];
    await damage(key, lost, 'foreign');
    const cart = await loader.read(owner);
    expect(cart.items.map(({ skuId, quantity }) => [skuId, quantity])).toEqual(
      skus.map(({ skuId }) => [skuId, 2]).reverse(),
    );
    expect(cart.badge).toEqual({ skus: 3, quantity: 6, selectedSkus: 3, selectedQuantity: 6 });
    expect(cart.unreadable).toBeUndefined();
    expect(BigInt(cart.version)).toBeGreaterThan(BigInt(version));
    expect(await redis.command(['HEXISTS', key, 'foreign'])).toBe(0);
    expect((await sync.diff(owner.id)).inSync).toBe(true);
    expect(await counted()).toBe(2);
  });

  it('is mended, too, when the field is an item without a quantity', async () => {
    const { owner, skus, key } = await userWith(2);
    const raw = await redis.command(['HGET', key, skus[0]!.skuId]);
    await redis.command(['HSET', key, skus[0]!.skuId, String(raw).replace(/^2 /, '0 ')]);
    expect(await sync.sync(owner.id)).toMatchObject({ written: 0, unchanged: 2 });
    const cart = await loader.read(owner);
    expect(cart.items.map(({ quantity }) => quantity)).toEqual([2, 2]);
    expect(cart.badge).toMatchObject({ skus: 2, quantity: 4 });
    expect((await sync.diff(owner.id)).inSync).toBe(true);
  });

  it('is read without it while MySQL is away, and changed, but for that item', async () => {
    const { owner, skus, key } = await userWith(2);
    const [lost, other] = skus as [(typeof skus)[0], (typeof skus)[0]];
    await damage(key, lost.skuId);
    const alone = withoutMysql();
    const cart = await alone.read(owner);
    expect(cart.items.map(({ skuId }) => skuId)).toEqual([other.skuId]);
    expect(cart.badge).toMatchObject({ skus: 1, quantity: 2 });
    const write = (sku: typeof lost) => alone.write(owner, () => store.add(owner, toAdd(env, sku), {}));
    expect(await write(other)).toMatchObject({ code: 'OK', cart: { badge: { quantity: 3 } } });
    await expect(write(lost)).rejects.toThrow(DatabaseUnavailableError);
    expect(await quantities(owner)).toEqual(
      new Map([
        [lost.skuId, 2],
        [other.skuId, 3],
      ]),
    );
  });

  it('takes an add onto what MySQL has of the item', async () => {
    const { owner, skus, key } = await userWith(2);
    await damage(key, skus[0]!.skuId);
    const result = await loader.write(owner, () => store.add(owner, toAdd(env, skus[0]!, 3), {}));
    expect(result).toMatchObject({ code: 'OK', cart: { badge: { skus: 2, quantity: 7 } } });
    expect((await quantities(owner)).get(skus[0]!.skuId)).toBe(5);
  });

  it.each([
    ['cleared', (owner: CartOwner) => store.clear(owner, {}), { skus: 0, quantity: 0 }],
    [
      'unselected',
      (owner: CartOwner) => store.select(owner, { scope: 'all', judged: new Map() }, false, {}),
      { skus: 2, quantity: 4, selectedSkus: 0 },
    ],
  ])('can be %s', async (_, change, badge) => {
    const { owner, skus, key } = await userWith(2);
    await damage(key, skus[0]!.skuId, 'foreign');
    expect(await loader.write(owner, () => change(owner))).toMatchObject({ code: 'OK', cart: { badge } });
    expect((await sync.diff(owner.id)).items.filter(({ redis: item }) => item)).toHaveLength(badge.skus);
  });

  it('does not get an item back that was removed', async () => {
    const { owner, skus, key } = await userWith(2);
    await store.remove(owner, [skus[0]!.skuId], {});
    await damage(key, skus[0]!.skuId);
    expect([...(await quantities(owner)).keys()]).toEqual([skus[1]!.skuId]);
    expect((await store.picture(owner.id)).removed).toHaveLength(1);
  });

  it('is mended once for a crowd of readers', async () => {
    const { owner, skus, key } = await userWith(2);
    await damage(key, skus[0]!.skuId);
    const carts = await Promise.all(Array.from({ length: 30 }, () => loader.read(owner)));
    expect(carts.map(({ badge }) => badge.quantity)).toEqual(carts.map(() => 4));
    expect(await counted()).toBe(1);
  });

  it('is mended by a comparison, which counts it', async () => {
    const { owner, skus, key } = await userWith(2);
    await damage(key, skus[0]!.skuId, 'foreign');
    expect(await sync.verifiedVersion(owner.id)).toBeUndefined();
    expect(await sync.reconcile(owner.id, '0')).toMatchObject({ drift: 2 });
    expect((await store.read(owner))!.badge.quantity).toBe(4);
  });

  it('is of a guest, too, who has no copy', async () => {
    const guest = { kind: 'guest', id: `secret-${freshUserId()}` } as const;
    const key = keys.cart(`guest:${guest.id}`);
    const [lost, other] = [newSku(), newSku()];
    for (const sku of [lost, other]) await store.add(guest, toAdd(env, sku, 2), {});
    await damage(key, lost.skuId);
    expect((await store.read(guest))!.badge).toMatchObject({ skus: 1, quantity: 2 });
    const result = await loader.write(guest, () => store.add(guest, toAdd(env, lost), {}));
    expect(result).toMatchObject({ code: 'OK', cart: { badge: { skus: 2, quantity: 3 } } });
    expect(await redis.command(['TTL', key])).toBeGreaterThan(0);
  });
});

describe('a cart whose own field nobody can read', () => {
  it('is loaded again, and keeps what MySQL has not heard of yet', async () => {
    const { owner, skus, key } = await userWith(2);
    const fresh = newSku();
    await store.add(owner, toAdd(env, fresh), {});
    await store.add(owner, toAdd(env, skus[0]!, 5), {});
    const { version } = (await store.read(owner))!;
    await damage(key, '_', skus[1]!.skuId);
    const cart = await loader.read(owner);
    expect(new Map(cart.items.map(({ skuId, quantity }) => [skuId, quantity]))).toEqual(
      new Map([
        [skus[0]!.skuId, 7],
        [skus[1]!.skuId, 2],
        [fresh.skuId, 1],
      ]),
    );
    expect(cart.version).toBe(version);
    expect(cart.badge).toMatchObject({ skus: 3, quantity: 10 });
  });

  it('of a guest is counted anew', async () => {
    const guest = { kind: 'guest', id: `secret-${freshUserId()}` } as const;
    await store.add(guest, toAdd(env, newSku(), 2), {});
    await damage(keys.cart(`guest:${guest.id}`), '_');
    const cart = await loader.read(guest);
    expect(cart.badge).toMatchObject({ skus: 1, quantity: 2 });
    expect(await store.badge(guest)).toMatchObject({ version: cart.version, badge: cart.badge });
  });
});

describe('a forced rebuild', () => {
  it.each([['an item'], ['its own field']])('repairs a cart of which nobody can read %s', async (what) => {
    const { owner, skus, key } = await userWith(3);
    const [lost, raised] = skus as [(typeof skus)[0], (typeof skus)[0]];
    const { version } = (await store.read(owner))!;
    await store.add(owner, toAdd(env, raised, 5), {});
    await damage(key, what === 'an item' ? lost.skuId : '_', 'foreign');
    const result = await rebuilder.rebuild(owner.id, true);
    expect(BigInt(result.version)).toBeGreaterThan(BigInt(version));
    expect(await quantities(owner)).toEqual(new Map(skus.map(({ skuId }) => [skuId, 2])));
    const cart = (await store.read(owner))!;
    expect(cart.items.map((item) => item.version)).toEqual(skus.map(() => result.version));
    expect(await redis.command(['HLEN', key])).toBe(4);
    expect((await sync.diff(owner.id)).inSync).toBe(true);
  });
});

describe('a tombstone that nobody can read', () => {
  it('stops neither a load nor a confirmation', async () => {
    const { owner, skus } = await userWith(1);
    await damage(keys.removed(`user:${owner.id}`), '4', '5');
    await store.confirmRemovals(owner.id, [{ skuId: '4', version: '9' }]);
    await redis.command(['DEL', keys.cart(`user:${owner.id}`)]);
    expect([...(await quantities(owner)).keys()]).toEqual([skus[0]!.skuId]);
    expect((await store.picture(owner.id)).removed).toEqual([]);
  });
});
