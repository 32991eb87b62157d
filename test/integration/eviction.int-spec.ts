import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CartLoader, CartStore, toCartChanged } from '@app/cart';
import { Metrics } from '@app/common';
import { CartRow, CartTable, Database, parseOutboxEntry } from '@app/database';
import { keys, NoopLockService, RedisConnection } from '@app/redis';
import {
  CartChangedWriter,
  CartPages,
  ChangeLogTable,
  DeadLetterTable,
  Epochs,
  Evictor,
  OutboxStore,
  RedisFeedback,
  SyncMetrics,
  SyncRuns,
  SyncRunsMetrics,
  SyncRunTable,
  SyncService,
} from '@app/sync';
import { createDataSource } from '../../ormconfig.js';
import { newSku, ruleOf, toAdd } from '../support/factories.js';
import { OwnDatabase } from '../support/own-database.js';
import { RedisServer } from '../support/redis-server.js';
import { freshUserId, testEnv } from '../support/services.js';

const DAYS = 0.5;
const env = testEnv({ EVICT_IDLE_DAYS: String(DAYS) });
let server: RedisServer;
let own: OwnDatabase;
let redis: RedisConnection;
let database: Database;
let table: CartTable;
let store: CartStore;
let loader: CartLoader;
let outbox: OutboxStore;

beforeAll(async () => {
  Logger.overrideLogger(false);
  [server, own] = await Promise.all([RedisServer.start(), OwnDatabase.create()]);
  redis = new RedisConnection({ url: server.url });
  await redis.connect();
  outbox = new OutboxStore(redis, env);
  database = new Database(createDataSource(own.url));
  table = new CartTable(database);
  store = new CartStore(redis, env);
  loader = new CartLoader(store, table, new NoopLockService());
});
beforeEach(async () => {
  await redis.command(['FLUSHALL']);
  for (const name of ['cart', 'sync_run']) await database.query(`DELETE FROM ${name}`);
});
afterAll(async () => {
  await outbox.onApplicationShutdown();
  await redis.close();
  await database.onApplicationShutdown();
  await Promise.all([server.stop(), own.drop()]);
});

/** What one process has. */
function instance(carts = table) {
  const runs = new SyncRuns(new SyncRunTable(database), new SyncRunsMetrics(new Metrics()));
  const sync = new SyncService(store, new CartLoader(store, carts, new NoopLockService()), carts);
  const evictor = new Evictor(runs, new CartPages(redis), store, sync, env);
  return {
    sync,
    evict: async () => {
      await evictor.start();
      await runs.idle();
      return (await new SyncRunTable(database).page()).runs[0]!;
    },
    evictor,
    runs,
  };
}

/** A cart whose last change was so many days ago, as the index of active carts says. */
async function idleCart(days: number, count = 2) {
  const owner = { kind: 'user', id: freshUserId() } as const;
  const skus = Array.from({ length: count }, () => newSku());
  for (const sku of skus) await loader.write(owner, () => store.add(owner, toAdd(env, sku, 2), {}));
  await age(owner.id, days);
  return { owner, userId: owner.id, skus };
}

const age = (userId: string, days: number) =>
  redis.command(['ZADD', keys.active, String(Date.now() - days * 86_400_000), userId]);
const isLoaded = async (userId: string) => (await redis.command(['EXISTS', keys.cart(`user:${userId}`)])) === 1;
const isIndexed = async (userId: string) => (await redis.command(['ZSCORE', keys.active, userId])) !== null;

/** The table as the eviction sees it, with something that happens right after its look at the rows. */
function afterRowsWereRead(happens: (userId: string, look: number) => Promise<unknown>): CartTable {
  return new (class extends CartTable {
    private looks = 0;
    override async loadAll(userId: string): Promise<CartRow[]> {
      const rows = await super.loadAll(userId);
      await happens(userId, ++this.looks);
      return rows;
    }
  })(database);
}

describe('the eviction of idle carts', () => {
  it('writes a cart back, takes it out, and the next read brings the very same back', async () => {
    const idle = await idleCart(DAYS + 1, 3);
    const rule = ruleOf(env, idle.skus[0]!);
    const change = { skuId: idle.skus[0]!.skuId, rule, change: { mode: 'delta', amount: 5 }, selected: false } as const;
    await store.update(idle.owner, change, {});
    await age(idle.userId, DAYS + 1);
    const busy = await idleCart(DAYS - 0.1);
    const before = await store.read(idle.owner);

    expect(await instance().evict()).toMatchObject({
      ...{ kind: 'evict', status: 'succeeded', carts: 1, failures: 0, written: 3, softDeleted: 0, drift: 0 },
    });
    expect([await isLoaded(idle.userId), await isIndexed(idle.userId)]).toEqual([false, false]);
    expect(await isLoaded(busy.userId)).toBe(true);

    expect(await loader.read(idle.owner)).toEqual(before);
    const added = await store.add(idle.owner, toAdd(env, newSku()), {});
    expect('cart' in added && BigInt(added.cart.version) > BigInt(before!.version)).toBe(true);
  });

  it('finds again what was only read since: the index has the time of its last change', async () => {
    const { owner, userId } = await idleCart(DAYS + 1);
    const { evict, sync } = instance();
    await sync.sync(userId);
    const change = 'UPDATE cart SET changed_at = UTC_TIMESTAMP(3) - INTERVAL 3 DAY WHERE user_id = ?';
    await redis.command(['DEL', keys.cart(`user:${userId}`), keys.active]);
    await database.query(change, [userId]);
    await loader.read(owner);
    expect(await isIndexed(userId)).toBe(true);
    expect(await evict()).toMatchObject({ carts: 1, written: 0 });
    expect(await isLoaded(userId)).toBe(false);
  });

  it('of an emptied cart keeps the version, and forgets no removal', async () => {
    const { owner, userId } = await idleCart(0);
    await store.clear(owner, {});
    await age(userId, DAYS + 1);
    const version = (await store.read(owner))!.version;
    const { evict } = instance();
    // The removal can still be undone.
    expect(await evict()).toMatchObject({ carts: 0, softDeleted: 2 });
    expect(await isLoaded(userId)).toBe(true);
    await redis.command(['DEL', keys.undo(`user:${userId}`)]);
    expect(await evict()).toMatchObject({ carts: 1, softDeleted: 0 });
    expect(await loader.read(owner)).toMatchObject({ version, items: [] });
  });

  it('leaves a cart alone that is changed between its comparison and its end', async () => {
    const { owner, userId } = await idleCart(DAYS + 1);
    const added = newSku();
    const carts = afterRowsWereRead(async (_id, look) => {
      // The look after the write-back is the one that counts.
      if (look === 3) await store.add(owner, toAdd(env, added), {});
    });
    expect(await instance(carts).evict()).toMatchObject({ carts: 0, failures: 0, status: 'succeeded' });
    expect((await store.read(owner))!.items.map(({ skuId }) => skuId)).toContain(added.skuId);
    const { evict, sync } = instance();
    await age(userId, DAYS + 1);
    expect(await evict()).toMatchObject({ carts: 1, written: 1 });
    expect((await sync.diff(userId)).items).toHaveLength(3);
  });

  it('takes its token from a load that began before, which may have an older picture', async () => {
    const { owner, userId } = await idleCart(DAYS + 1);
    const { sync, evict } = instance();
    await sync.sync(userId);
    const old = await table.load(userId);
    await store.beginLoad(owner, 'slow');
    await store.add(owner, toAdd(env, newSku()), {});
    await age(userId, DAYS + 1);
    expect(await evict()).toMatchObject({ carts: 1, written: 1 });
    const load = { token: 'slow', maxVersion: old.maxVersion, items: old.rows };
    expect(await store.restore(owner, load)).toBe('STALE_TOKEN');
    expect((await loader.read(owner)).items).toHaveLength(3);
  });

  it('is not undone by what is still on its way: the rows are as new', async () => {
    const { owner, userId, skus } = await idleCart(DAYS + 1);
    await store.remove(owner, [skus[0]!.skuId], {});
    await redis.command(['DEL', keys.undo(`user:${userId}`)]);
    await age(userId, DAYS + 1);
    const before = await store.read(owner);
    expect(await instance().evict()).toMatchObject({ carts: 1 });
    const rows = await table.loadAll(userId);
    const entries = await redis.command<[string, string[]][]>(['XRANGE', keys.outbox, '-', '+']);
    expect(entries).toHaveLength(3);
    const epochs = new Epochs(redis);
    const late = entries.map(([, fields]) => toCartChanged(parseOutboxEntry(fields), 1));
    const metrics = new SyncMetrics(new Metrics(), outbox);
    const feedback = new RedisFeedback(store, instance().sync, epochs);
    const [log, letters] = [new ChangeLogTable(database), new DeadLetterTable(database)];
    // Of an earlier epoch, so that the consumer looks at the cart too.
    await new CartChangedWriter(database, table, log, letters, feedback, metrics).apply(late.reverse(), 'm');
    expect(await table.loadAll(userId)).toEqual(rows);
    expect(await isLoaded(userId)).toBe(false);
    expect(await loader.read(owner)).toEqual(before);
  });

  it('keeps a cart that is marked, and forgets one that is not there', async () => {
    const [marked, gone] = [await idleCart(DAYS + 1), await idleCart(DAYS + 1)];
    await redis.command(['ZADD', keys.dirty, '1763790000000001', marked.userId]);
    await redis.command(['DEL', keys.cart(`user:${gone.userId}`)]);
    expect(await instance().evict()).toMatchObject({ carts: 0, failures: 0 });
    expect(await isLoaded(marked.userId)).toBe(true);
    expect([await isLoaded(gone.userId), await isIndexed(gone.userId)]).toEqual([false, false]);
  });

  it('goes through more carts than a page holds, and has one run for a moment of the schedule', async () => {
    const users: string[] = [];
    while (users.length < 510) {
      const some = await Promise.all(Array.from({ length: 30 }, () => idleCart(DAYS + 1, 1)));
      users.push(...some.map(({ userId }) => userId));
    }
    const [a, b] = [instance(), instance()];
    const ids = [await a.evictor.start(1_000), await b.evictor.start(1_000)];
    expect(ids.filter((id) => id !== undefined)).toHaveLength(ids[1] === ids[0] ? 2 : 1);
    await Promise.all([a.runs.idle(), b.runs.idle()]);
    expect((await new SyncRunTable(database).page()).runs).toMatchObject([{ kind: 'evict', carts: users.length }]);
    expect(await redis.command(['ZCARD', keys.active])).toBe(0);
  });
});
