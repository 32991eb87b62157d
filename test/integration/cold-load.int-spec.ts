import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CartLoader, CartStore } from '@app/cart';
import { CartTable, Database } from '@app/database';
import { SkuTable } from '@app/inventory-check';
import { keys, NoopLockService, RedisConnection } from '@app/redis';
import { SyncService } from '@app/sync';
import { createDataSource } from '../../ormconfig.js';
import { newItem, newRow, newSku, SNAPSHOT, toAdd } from '../support/factories.js';
import { heldLoader } from '../support/held-loader.js';
import { freshUserId, services, testEnv } from '../support/services.js';

const env = testEnv();
const redis = new RedisConnection({ url: services().redisUrl });
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

const newOwner = () => ({ kind: 'user', id: freshUserId() }) as const;

/** The queries the table's connection ran while `work` did. */
async function countQueries(work: () => Promise<unknown>): Promise<number> {
  const load = table.load.bind(table);
  let count = 0;
  table.load = (userId) => ((count += 1), load(userId));
  try {
    await work();
  } finally {
    table.load = load;
  }
  return count;
}

describe('a user whose cart is not in Redis', () => {
  it('is unknown, not empty: a write asks for a load instead of starting a new cart', async () => {
    const owner = newOwner();
    expect(await store.read(owner)).toBeUndefined();
    expect(await store.add(owner, toAdd(env, newSku()), {})).toEqual({ code: 'NEED_LOAD' });
    expect(await redis.command(['EXISTS', keys.cart(`user:${owner.id}`)])).toBe(0);
  });

  it('gets the rows of MySQL, without the deleted ones, and a version above all of them', async () => {
    const owner = newOwner();
    const live = newRow(owner.id, { version: '100', quantity: 3 });
    const gone = newRow(owner.id, { version: '4000000000000000', quantity: 0, deleted: true });
    await table.upsert([live, gone]);
    const cart = await loader.read(owner);
    expect(cart).toMatchObject({ version: '4000000000000000', badge: { skus: 1, quantity: 3 } });
    expect(cart.items).toMatchObject([{ skuId: live.skuId, quantity: 3, version: '100' }]);
    const result = await loader.write(owner, () => store.add(owner, toAdd(env, newSku()), {}));
    expect(result).toMatchObject({ code: 'OK', cart: { version: '4000000000000001' } });
  });

  it('gets rows that somebody else has inserted, in their order, as the catalogue has their SKUs', async () => {
    const owner = newOwner();
    const [known, unknown, own] = [newSku(), newSku(), newRow(owner.id)];
    await new SkuTable(database).upsert([{ ...known, status: 'on' }]);
    const { name, image, spec, shopId, skuCode } = known;
    const snapshot = { name, image, spec, shopId, skuCode };
    await table.upsert([own]);
    await database.query(
      'INSERT INTO cart (user_id, product_sku_id, product_sku_num, add_amount, selected_status) VALUES (?), (?)',
      [
        [owner.id, known.skuId, 3, '12.50', 0],
        [owner.id, unknown.skuId, 2, '1.00', 1],
      ],
    );
    const cart = await loader.read(owner);
    expect(cart.badge).toEqual({ skus: 3, quantity: 6, selectedSkus: 2, selectedQuantity: 3 });
    expect(cart.items).toMatchObject([
      { skuId: own.skuId },
      { skuId: unknown.skuId, quantity: 2, addPrice: 100, snapshot: { name: '', shopId: '0' } },
      {
        skuId: known.skuId,
        ...{ quantity: 3, selected: false, addPrice: 1250, version: '1' },
        snapshot,
      },
    ]);
    expect((await sync.diff(owner.id)).inSync).toBe(true);
    const result = await loader.write(owner, () => store.add(owner, toAdd(env, known), {}));
    expect(result).toMatchObject({ code: 'OK' });
    await sync.sync(owner.id);
    const { rows } = await table.load(owner.id);
    expect(rows.find(({ skuId }) => skuId === known.skuId)).toMatchObject({ quantity: 4, snapshot });
    expect((await sync.diff(owner.id)).inSync).toBe(true);
  });

  it('is loaded once by a crowd of readers and writers, and keeps rows and adds', async () => {
    const owner = newOwner();
    const rows = Array.from({ length: 50 }, () => newRow(owner.id));
    await table.upsert(rows);
    const sku = newSku();
    const queries = await countQueries(() =>
      Promise.all([
        ...Array.from({ length: 100 }, () => loader.read(owner)),
        ...Array.from({ length: 40 }, () => loader.write(owner, () => store.add(owner, toAdd(env, sku), {}))),
      ]),
    );
    expect(queries).toBe(1);
    const { items } = await loader.read(owner);
    expect(items).toHaveLength(51);
    expect(items.find((item) => item.skuId === sku.skuId)!.quantity).toBe(40);
  });

  it('is one of many at once: each is loaded by one query, six at a time', async () => {
    const owners = Array.from({ length: 200 }, newOwner);
    await table.upsert(owners.map(({ id }) => newRow(id)));
    const load = table.load.bind(table);
    let [now, most, queries] = [0, 0, 0];
    table.load = async (userId) => {
      queries += 1;
      most = Math.max(most, ++now);
      return load(userId).finally(() => (now -= 1));
    };
    try {
      const reads = owners.flatMap((owner) => Array.from({ length: 10 }, () => loader.read(owner)));
      for (const cart of await Promise.all(reads)) expect(cart.items).toHaveLength(1);
    } finally {
      table.load = load;
    }
    expect(queries).toBe(200);
    expect(most).toBe(6);
  });

  it('is remembered as empty for a while, until the first write', async () => {
    const owner = newOwner();
    const queries = await countQueries(async () => {
      for (let i = 0; i < 20; i++) expect((await loader.read(owner)).version).toBe('0');
    });
    expect(queries).toBe(1);
    const key = keys.cart(`user:${owner.id}`);
    expect(await redis.command(['TTL', key])).toBeGreaterThan(0);
    await store.add(owner, toAdd(env, newSku()), {});
    expect(await redis.command(['TTL', key])).toBe(-1);
  });
});

describe('a slow load', () => {
  it('does nothing when the cart is loaded and changed by then', async () => {
    const owner = newOwner();
    await store.beginLoad(owner, 'slow');
    await store.beginLoad(owner, 'quick');
    await store.restore(owner, { token: 'quick', maxVersion: '0', items: [] });
    await store.add(owner, toAdd(env, newSku()), {});
    expect(await store.restore(owner, { token: 'slow', maxVersion: '9', items: [newItem()] })).toBe('LOADED');
    expect((await store.read(owner))!.items).toHaveLength(1);
  });

  it('does nothing when another load began since, even if the cart is cold again', async () => {
    const owner = newOwner();
    await store.beginLoad(owner, 'slow');
    await store.beginLoad(owner, 'other');
    expect(await store.restore(owner, { token: 'slow', maxVersion: '9', items: [newItem()] })).toBe('STALE_TOKEN');
    expect(await store.read(owner)).toBeUndefined();
  });

  it('does not bring back what was removed and not yet confirmed', async () => {
    const owner = newOwner();
    await table.upsert([newRow(owner.id, { skuId: '77', version: '100' })]);
    await loader.read(owner);
    await store.remove(owner, ['77'], {});
    // The cart is lost, its tombstones are not; MySQL has not heard of the removal.
    await redis.command(['DEL', keys.cart(`user:${owner.id}`)]);
    expect((await loader.read(owner)).items).toEqual([]);
  });

  it('reads again when MySQL hears of a removal between its read and its restore', async () => {
    const owner = newOwner();
    const row = newRow(owner.id, { skuId: '78', version: '100' });
    await table.upsert([row]);
    await loader.read(owner);
    await store.remove(owner, ['78'], {});
    const { removed } = await store.picture(owner.id);
    await redis.command(['DEL', keys.cart(`user:${owner.id}`)]);

    await store.beginLoad(owner, 'slow');
    const { rows, maxVersion } = await table.load(owner.id);
    await table.upsert([{ ...row, quantity: 0, deleted: true, version: removed[0]!.version }]);
    await store.confirmRemovals(owner.id, removed);
    expect(await store.restore(owner, { token: 'slow', maxVersion, items: rows })).toBe('STALE_TOKEN');
    expect((await loader.read(owner)).items).toEqual([]);
  });

  it('forgets a removal that is older than the row', async () => {
    const owner = newOwner();
    await table.upsert([newRow(owner.id, { skuId: '79', version: '300', quantity: 2 })]);
    await redis.command(['HSET', keys.removed(`user:${owner.id}`), '79', `0 1 339 1 1 1 200 ${SNAPSHOT}`]);
    expect((await loader.read(owner)).items).toMatchObject([{ skuId: '79', quantity: 2 }]);
    expect((await store.picture(owner.id)).removed).toEqual([]);
  });
});

describe('a load that is held between its SELECT and its restore', () => {
  const quantities = (items: readonly { skuId: string; quantity: number }[]) =>
    Object.fromEntries(items.map(({ skuId, quantity }) => [skuId, quantity]));

  /** A cold cart of two items; while a load of it stands still another adds to one, adds a third, removes the second. */
  async function raced(meanwhile: (userId: string) => Promise<unknown> = () => Promise.resolve()) {
    const owner = newOwner();
    const [raised, removed, added] = [newSku(), newSku(), newSku()];
    await table.upsert([raised, removed].map(({ skuId }) => newRow(owner.id, { skuId, quantity: 2, version: '100' })));
    const slow = heldLoader(store, database);
    const read = slow.loader.read(owner);
    await slow.hasRead;
    for (const sku of [raised, added]) {
      expect(await loader.write(owner, () => store.add(owner, toAdd(env, sku, 3), {}))).toMatchObject({ code: 'OK' });
    }
    expect(await store.remove(owner, [removed.skuId], {})).toMatchObject({ code: 'OK' });
    await meanwhile(owner.id);
    slow.goOn();
    const expected = { [raised.skuId]: 5, [added.skuId]: 3 };
    return { owner, cart: await read, expected };
  }

  async function assertRestoredRight({ owner, cart, expected }: Awaited<ReturnType<typeof raced>>): Promise<void> {
    expect(quantities(cart.items)).toEqual(expected);
    const live = (await store.read(owner))!;
    expect(live).toEqual(cart);
    expect(live.badge).toMatchObject({ skus: 2, quantity: 8 });
    await sync.sync(owner.id);
    expect((await sync.diff(owner.id)).inSync).toBe(true);
    expect(quantities((await table.load(owner.id)).rows)).toEqual(expected);
  }

  it('restores nothing over a cart that was loaded, added to and removed from meanwhile', async () => {
    await assertRestoredRight(await raced());
  });

  it('restores nothing when that cart has come to MySQL and left Redis again, its tombstones too', async () => {
    const key = (userId: string) => `user:${userId}` as const;
    await assertRestoredRight(
      await raced(async (userId) => {
        await sync.sync(userId);
        await redis.command(['DEL', keys.cart(key(userId)), keys.removed(key(userId))]);
      }),
    );
  });

  it('restores nothing in place of a load that began after it, wherever that one is', async () => {
    const other = heldLoader(store, database);
    let later: Promise<unknown> = Promise.resolve();
    const result = raced(async (userId) => {
      await sync.sync(userId);
      await redis.command(['DEL', keys.cart(`user:${userId}`), keys.removed(`user:${userId}`)]);
      later = other.loader.read({ kind: 'user', id: userId });
      await other.hasRead;
    });
    const done = await result;
    other.goOn();
    await later;
    await assertRestoredRight(done);
  });
});

describe('a guest', () => {
  it('is never loaded from the carts of users', async () => {
    const guest = { kind: 'guest', id: `7${freshUserId()}` } as const;
    await table.upsert([newRow(guest.id)]);
    await redis.command(['HSET', keys.cart(`guest:${guest.id}`), '1', `1 1 339 1 1 1 1 ${SNAPSHOT}`]);
    expect((await loader.read(guest)).items.map(({ skuId }) => skuId)).toEqual(['1']);
  });
});
