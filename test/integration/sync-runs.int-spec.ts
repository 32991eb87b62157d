import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { CartLoader, CartStore, CartSyncs } from '@app/cart';
import { Metrics } from '@app/common';
import { CartTable, Database } from '@app/database';
import { keys, NoopLockService, RedisConnection, RedisUnavailableError } from '@app/redis';
import {
  CartPages,
  ChangeLogRetention,
  ChangeLogTable,
  Epochs,
  OccasionRecorder,
  Reconciler,
  Recovery,
  SyncRuns,
  SyncRunsMetrics,
  SyncRunTable,
  SyncService,
  WarmUp,
} from '@app/sync';
import { createDataSource } from '../../ormconfig.js';
import { eventually } from '../support/eventually.js';
import { newRow, newSku, SNAPSHOT, toAdd } from '../support/factories.js';
import { OwnDatabase } from '../support/own-database.js';
import { RedisServer } from '../support/redis-server.js';
import { SqlProxy } from '../support/sql-proxy.js';
import { freshUserId, testEnv } from '../support/services.js';

// Servers of its own: runs look at every cart there is, and nobody relays here.
const env = testEnv();
let server: RedisServer;
let own: OwnDatabase;
let redis: RedisConnection;
let database: Database;
let table: CartTable;
let store: CartStore;
let loader: CartLoader;
let runTable: SyncRunTable;

beforeAll(async () => {
  Logger.overrideLogger(false);
  [server, own] = await Promise.all([RedisServer.start(), OwnDatabase.create()]);
  redis = new RedisConnection({ url: server.url });
  await redis.connect();
  database = new Database(createDataSource(own.url));
  table = new CartTable(database);
  store = new CartStore(redis, env);
  loader = new CartLoader(store, table, new NoopLockService());
  runTable = new SyncRunTable(database);
});
beforeEach(async () => {
  await redis.command(['FLUSHALL']);
  for (const name of ['cart', 'sync_run'])
    await database.query(name === 'cart' ? 'DELETE FROM cart' : 'DELETE FROM sync_run');
});
afterAll(async () => {
  await redis.close();
  await database.onApplicationShutdown();
  await Promise.all([server.stop(), own.drop()]);
});

/** What one process has. */
function instance(db = database) {
  const metrics = new Metrics();
  const runs = new SyncRuns(new SyncRunTable(db), new SyncRunsMetrics(metrics));
  const carts = new CartTable(db);
  const sync = new SyncService(store, new CartLoader(store, carts, new NoopLockService()), carts);
  const reconciler = new Reconciler(runs, new SyncRunTable(db), new CartPages(redis), sync);
  return { metrics, runs, reconciler, warmUp: new WarmUp(runs, carts, loader) };
}

async function userWith(count: number, id = freshUserId()) {
  const owner = { kind: 'user', id } as const;
  const skus = Array.from({ length: count }, () => newSku());
  for (const sku of skus) await loader.write(owner, () => store.add(owner, toAdd(env, sku, 2), {}));
  return { owner, userId: id, skus };
}

/** As if the change had been made so long ago: a lag of the queue does not explain a difference any more. */
async function age(userId: string, skuId: string, ms: number): Promise<void> {
  const key = keys.cart(`user:${userId}`);
  const raw = await redis.command<string>(['HGET', key, skuId]);
  const words = raw.split(' ');
  words[6] = String(BigInt(words[6]!) - BigInt(ms) * 1000n);
  await redis.command(['HSET', key, skuId, words.join(' ')]);
}

const latest = async () => (await runTable.page()).runs[0]!;
const metricOf = async (metrics: Metrics, name: string) =>
  (await metrics.registry.getSingleMetric(name)!.get()).values
    .filter(({ value }) => value > 0)
    .map(({ labels, value }) => ({ ...labels, value }));

describe('a full run', () => {
  it('writes what MySQL lacks, deletes what was removed, counts it, and finds nothing the second time', async () => {
    const { reconciler, runs, metrics } = instance();
    const users = await Promise.all([userWith(3), userWith(1), userWith(2)]);
    await store.remove(users[0].owner, [users[0].skus[0]!.skuId], {});
    const runId = await reconciler.startFull();
    await runs.idle();
    const first = await latest();
    expect(first).toMatchObject({ runId, kind: 'manual', status: 'succeeded', reason: null, carts: 3, failures: 0 });
    expect(first).toMatchObject({ written: 5, softDeleted: 1, drift: 0 });
    expect((await store.picture(users[0].userId)).removed).toEqual([]);
    await reconciler.startFull();
    await runs.idle();
    expect(await latest()).toMatchObject({ carts: 3, written: 0, softDeleted: 0, drift: 0 });
    expect(await metricOf(metrics, 'cart_sync_runs_total')).toEqual([
      { kind: 'manual', status: 'succeeded', value: 2 },
    ]);
    expect(await metricOf(metrics, 'cart_sync_run_rows_total')).toEqual([{ kind: 'manual', value: 6 }]);
  });

  it('counts as drift what no change on its way explains, and mends it', async () => {
    const { reconciler, runs, metrics } = instance();
    const { userId, skus } = await userWith(4);
    const [edited, lost, old, fresh] = skus.map((sku) => sku.skuId) as [string, string, string, string];
    const sync = new SyncService(store, loader, table);
    await sync.sync(userId);
    await database.query('UPDATE cart SET product_sku_num = 77 WHERE product_sku_id = ?', [edited]);
    await redis.command(['HDEL', keys.cart(`user:${userId}`), lost]);
    // These two never came to MySQL: one long ago, one just now.
    await database.query('DELETE FROM cart WHERE product_sku_id IN (?, ?)', [old, fresh]);
    await age(userId, old, 61_000);
    await reconciler.startFull();
    await runs.idle();
    expect(await latest()).toMatchObject({ status: 'succeeded', carts: 1, drift: 3 });
    expect(await metricOf(metrics, 'cart_sync_last_drift')).toEqual([{ kind: 'manual', value: 3 }]);
    expect((await sync.diff(userId)).inSync).toBe(true);
    expect((await table.load(userId)).rows.map((row) => row.quantity)).toEqual([2, 2, 2, 2]);
  });

  it('never touches the rows of a cart that is not loaded: after a loss of Redis nothing changes in MySQL', async () => {
    const { reconciler, runs } = instance();
    const users = await Promise.all([userWith(2), userWith(3)]);
    await reconciler.startFull();
    await runs.idle();
    const before = await database.query('SELECT * FROM cart ORDER BY id');
    await redis.command(['FLUSHALL']);
    // One has begun to come back: a hash without the loaded flag.
    await redis.command(['HSET', keys.cart(`user:${users[0].userId}`), '5', `1 1 339 1 1 1 1 ${SNAPSHOT}`]);
    for (const start of [() => reconciler.startFull(), () => reconciler.startScheduled('hourly', 3_600_000)]) {
      await start();
      await runs.idle();
      expect(await latest()).toMatchObject({ status: 'succeeded', carts: 0, written: 0, softDeleted: 0, drift: 0 });
    }
    expect(await database.query('SELECT * FROM cart ORDER BY id')).toEqual(before);
  });

  it('counts a cart it cannot read, and does the others', async () => {
    const { reconciler, runs } = instance();
    const [good, broken] = [await userWith(1), await userWith(1)];
    await redis.command(['DEL', keys.cart(`user:${broken.userId}`)]);
    await redis.command(['SET', keys.cart(`user:${broken.userId}`), 'of another type']);
    await reconciler.startFull();
    await runs.idle();
    expect(await latest()).toMatchObject({ status: 'succeeded', carts: 1, failures: 1, written: 1 });
    expect((await table.load(good.userId)).rows).toHaveLength(1);
  });
});

describe('one run at a time', () => {
  it('a second start names the first run, also at another instance', async () => {
    const [a, b] = [instance(), instance()];
    for (let i = 0; i < 30; i++) await userWith(1);
    const ids = await Promise.all([a, b, a, b, a].map(({ reconciler }) => reconciler.startFull()));
    await Promise.all([a.runs.idle(), b.runs.idle()]);
    expect(new Set(ids).size).toBe(1);
    expect((await runTable.page()).runs).toMatchObject([{ runId: ids[0], status: 'succeeded', carts: 30 }]);
  });

  it('a moment of the schedule has one run, whichever instance comes late, also when every lock is granted', async () => {
    const [a, b] = [instance(), instance()];
    const dueAt = Date.parse('2026-11-22T08:00:00.000Z');
    expect(await a.reconciler.startScheduled('hourly', dueAt)).toBeDefined();
    await a.runs.idle();
    expect(await b.reconciler.startScheduled('hourly', dueAt)).toBeUndefined();
    expect((await runTable.page()).runs).toHaveLength(1);
    expect(await b.reconciler.startScheduled('hourly', dueAt + 3_600_000)).toBeDefined();
    await b.runs.idle();
  });

  it('an hourly one stands back for a full one', async () => {
    const { runs, reconciler } = instance();
    await runTable.begin('daily');
    expect(await reconciler.startScheduled('hourly', 3_600_000)).toBeUndefined();
    await runs.idle();
  });

  it('the run of a dead process is shown as failed, and makes room', async () => {
    const { runs, reconciler } = instance();
    const dead = await runTable.begin('manual');
    await database.query(
      `UPDATE sync_run SET started_at = started_at - INTERVAL 90 SECOND, heartbeat_at = heartbeat_at - INTERVAL 61 SECOND`,
    );
    expect(await latest()).toMatchObject({ runId: dead!.runId, status: 'failed', reason: 'its process is gone' });
    expect((await latest()).durationMs).toBeLessThan(60_000);
    const runId = await reconciler.startFull();
    await runs.idle();
    expect(runId).not.toBe(dead!.runId);
    expect((await runTable.page()).runs).toMatchObject([{ status: 'succeeded' }, { status: 'failed' }]);
    // Should it live after all, it learns that it was given up, and does not count as a success.
    const none = { carts: 0, failures: 0, written: 0, softDeleted: 0, drift: 0 };
    expect(await runTable.beat(dead!.runId, none)).toBe(false);
    await runTable.end(dead!.runId, none, { status: 'succeeded', reason: null, agoMs: 0 });
    expect((await runTable.page()).runs[1]).toMatchObject({ status: 'failed' });
  });
});

describe('an hourly run', () => {
  it('looks at the carts that changed since the last run that succeeded', async () => {
    const { runs, reconciler } = instance();
    const [old, recent] = [await userWith(1), await userWith(1)];
    await reconciler.startScheduled('hourly', 1_000);
    await runs.idle();
    expect(await latest()).toMatchObject({ kind: 'hourly', carts: 2 });
    // An hour later, by the clock of Redis.
    await database.query('UPDATE sync_run SET started_at = started_at - INTERVAL 50 MINUTE');
    await redis.command(['ZINCRBY', keys.active, String(-3_600_000), old.userId]);
    await reconciler.startScheduled('hourly', 2_000);
    await runs.idle();
    expect(await latest()).toMatchObject({ kind: 'hourly', carts: 1, status: 'succeeded' });
    expect((await table.load(recent.userId)).rows).toHaveLength(1);
  });

  it('sees every cart once, however many share a moment', async () => {
    const scores = Array.from({ length: 2_600 }, (_, i) => [String(i < 1_300 ? 7 : 8 + (i % 3)), String(i + 1)]);
    for (let i = 0; i < scores.length; i += 500) {
      await redis.command(['ZADD', keys.active, ...scores.slice(i, i + 500).flat()]);
    }
    const seen: string[] = [];
    for await (const page of new CartPages(redis).activeBetween(0, 100)) seen.push(...page);
    expect(seen).toHaveLength(2_600);
    expect(new Set(seen).size).toBe(2_600);
    const some: string[] = [];
    for await (const page of new CartPages(redis).activeBetween(8, 9)) some.push(...page);
    expect(some.every((id) => Number(id) > 1_300)).toBe(true);
  });
});

describe('a run that cannot go on', () => {
  it('is failed with the reason when Redis goes away', async () => {
    const { runs, reconciler } = instance();
    await userWith(1);
    await server.kill();
    onTestFinished(async () => {
      await server.restart();
      await eventually(() => redis.ping().then(() => true));
    });
    await reconciler.startFull();
    await runs.idle();
    expect(await latest()).toMatchObject({ status: 'failed', reason: 'Redis is not reachable' });
  });

  it('is failed with the reason although MySQL was away so long that it was taken for dead', async () => {
    const proxy = await SqlProxy.before(own.url);
    const db = new Database(createDataSource(proxy.url));
    onTestFinished(async () => {
      await db.onApplicationShutdown();
      await proxy.close();
    });
    const { runs } = instance(db);
    let endOutage: () => void = () => undefined;
    const runId = await runs.start('manual', async ({ counts }) => {
      counts.carts = 7;
      endOutage = proxy.cut();
      await db.query('SELECT 1');
    });
    await database.query('UPDATE sync_run SET heartbeat_at = heartbeat_at - INTERVAL 61 SECOND');
    // Another instance has begun one in its place.
    const other = await runTable.begin('manual');
    expect(other).toMatchObject({ isNew: true });
    expect((await runTable.page()).runs[1]).toMatchObject({ runId, reason: 'its process is gone', carts: 0 });
    endOutage();
    await runs.idle();
    expect((await runTable.page()).runs).toMatchObject([
      { runId: other!.runId, status: 'running' },
      { runId, status: 'failed', reason: 'MySQL is not reachable', carts: 7 },
    ]);
  });

  it('is not begun without MySQL', async () => {
    const away = new Database(createDataSource('mysql://cart@127.0.0.1:1/cart'));
    await expect(instance(away).reconciler.startFull()).rejects.toThrow('MySQL is not reachable');
  });

  it('is failed when the process stops, and says so', async () => {
    const { runs } = instance();
    await runs.start(
      'manual',
      ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
    );
    await runs.beforeApplicationShutdown();
    expect(await latest()).toMatchObject({ status: 'failed', reason: 'the process stopped' });
  });
});

describe('the recovery of an epoch', () => {
  const none = { carts: 0, failures: 0, written: 0, softDeleted: 0, drift: 0 };

  it('that failed has not had its run, one that succeeded has', async () => {
    const epoch = Date.now();
    const ends = ['failed', 'failed', 'succeeded'] as const;
    for (const status of ends) {
      const begun = await runTable.begin('recovery', epoch);
      expect(begun).toMatchObject({ isNew: true });
      await runTable.end(begun!.runId, none, { status, reason: null, agoMs: 0 });
    }
    expect(await runTable.begin('recovery', epoch)).toBeUndefined();
  });

  it('is begun again by whoever waits for it when the process that had begun it is gone', async () => {
    const { userId, skus } = await userWith(1);
    const epochs = new Epochs(redis);
    const epoch = await epochs.current();
    await runTable.begin('recovery', epoch);
    await database.query('UPDATE sync_run SET heartbeat_at = heartbeat_at - INTERVAL 61 SECOND');
    const { reconciler, runs } = instance();
    const waiting = new Epochs(redis);
    const recovery = new Recovery(waiting, reconciler);
    onTestFinished(() => recovery.beforeApplicationShutdown());
    await waiting.current();
    await eventually(async () => expect(await latest()).toMatchObject({ kind: 'recovery', status: 'succeeded' }));
    await runs.idle();
    expect((await table.load(userId)).rows).toMatchObject([{ skuId: skus[0]!.skuId }]);
    expect(await reconciler.startRecovery(epoch)).toBeUndefined();
  });

  it('is not begun while Redis is away, and is when it is back', async () => {
    const { reconciler, runs } = instance();
    const epochs = new Epochs(redis);
    const recovery = new Recovery(epochs, reconciler);
    onTestFinished(() => recovery.beforeApplicationShutdown());
    const current = epochs.current.bind(epochs);
    let isAway = true;
    let asked = 0;
    epochs.current = () => {
      asked += 1;
      return isAway ? Promise.reject(new RedisUnavailableError('away', 'not-sent')) : current();
    };
    await current();
    await eventually(() => expect(asked).toBeGreaterThan(0));
    expect((await runTable.page()).runs).toEqual([]);
    isAway = false;
    await eventually(async () => expect(await latest()).toMatchObject({ kind: 'recovery', status: 'succeeded' }));
    await runs.idle();
  });
});

describe('a warm-up', () => {
  it('loads the most recently active carts, each once, and no others', async () => {
    const { warmUp, runs } = instance();
    const users = Array.from({ length: 12 }, () => freshUserId());
    const now = Date.now();
    for (const [i, userId] of users.entries()) {
      const at = { addedAt: now - i * 60_000, changedAt: now - i * 60_000 };
      await table.upsert([
        newRow(userId, at),
        newRow(userId, at),
        newRow(userId, { ...at, deleted: true, quantity: 0 }),
      ]);
    }
    const gone = freshUserId();
    await table.upsert([newRow(gone, { deleted: true, quantity: 0, changedAt: now + 1_000 })]);
    const runId = await warmUp.start(5);
    await runs.idle();
    expect(await latest()).toMatchObject({ runId, kind: 'warm_up', status: 'succeeded', carts: 5 });
    for (const [i, id] of users.entries()) expect((await store.read({ kind: 'user', id })) !== undefined).toBe(i < 5);
    expect(await store.read({ kind: 'user', id: gone })).toBeUndefined();
    await warmUp.start(100_000);
    await runs.idle();
    expect(await latest()).toMatchObject({ status: 'succeeded', carts: 12 });
  });

  it('goes page by page, through carts of many items', async () => {
    const users = Array.from({ length: 9 }, () => freshUserId());
    const rows = users.flatMap((userId, i) =>
      Array.from({ length: 7 }, (_, n) => newRow(userId, { changedAt: 1_700_000_000_000 + ((i + n) % 4) * 1000 })),
    );
    await table.upsert(rows);
    const seen = new Set<string>();
    for (let from, isFirst = true; isFirst || from; isFirst = false) {
      const { userIds, next } = await table.recentUsers(5, from);
      userIds.forEach((id) => seen.add(id));
      from = next;
    }
    expect(seen.size).toBe(9);
  });
});

describe('syncs of single carts', () => {
  it('are counted by their occasion, and one line for all of an hour is in the list of runs', async () => {
    const metrics = new Metrics();
    const syncs = new CartSyncs(metrics);
    const sync = new SyncService(store, loader, table, syncs);
    const recorder = new OccasionRecorder(syncs, runTable);
    const [one, other] = [await userWith(2), await userWith(1)];
    await store.remove(one.owner, [one.skus[0]!.skuId], {});
    await sync.sync(one.userId, 'logout');
    await sync.sync(other.userId, 'logout');
    await database.query('UPDATE cart SET product_sku_num = 7 WHERE user_id = ?', [other.userId]);
    expect(await sync.sync(other.userId, 'forced')).not.toHaveProperty('drift');
    await sync.sync(other.userId, 'uncounted');
    const away = new Database(createDataSource('mysql://cart@127.0.0.1:1/cart'));
    const cut = new SyncService(store, loader, new CartTable(away), syncs);
    await expect(cut.sync(one.userId, 'checkout')).rejects.toThrow('not reachable');

    // Without MySQL nothing is forgotten.
    await new OccasionRecorder(syncs, new SyncRunTable(away)).record();
    await recorder.record();
    await sync.sync(one.userId, 'logout');
    await recorder.record();
    await recorder.record();
    const { runs } = await runTable.page();
    const shown = runs.map(({ kind, carts, failures, written, softDeleted, drift }) =>
      [kind, carts, failures, written, softDeleted, drift].join(' '),
    );
    expect(shown.sort()).toEqual(['checkout 0 1 0 0 0', 'forced 1 0 1 0 1', 'logout 3 0 2 1 0']);
    expect(runs.every(({ status }) => status === 'succeeded')).toBe(true);
    expect(await metricOf(metrics, 'cart_syncs_total')).toEqual([
      { occasion: 'logout', outcome: 'written', value: 3 },
      { occasion: 'forced', outcome: 'written', value: 1 },
      { occasion: 'checkout', outcome: 'failed', value: 1 },
    ]);
  });
});

describe(ChangeLogRetention.name, () => {
  it('deletes what is older than its days, in batches, and nothing else', async () => {
    const lines = Array.from(
      { length: 2_500 },
      (_, i) => `('user', '7', ${i + 1}, ${i + 1}, 'add', 'user', 0, 1, 1, 1.00,
      UTC_TIMESTAMP(3) - INTERVAL ${i < 2_200 ? 31 : 29} DAY)`,
    );
    const statement = `INSERT INTO cart_change_log (owner_kind, owner_id, sku_id, version, action, source, quantity_before,
      quantity_after, selected, price, changed_at) VALUES ${lines.join(', ')}`;
    await database.query(statement);
    const retention = (days: number) =>
      new ChangeLogRetention(
        new ChangeLogTable(database),
        new NoopLockService(),
        testEnv({ CHANGE_LOG_DAYS: String(days) }),
      );
    expect(await retention(0).purge()).toBe(0);
    expect(await retention(30).purge()).toBe(2_200);
    expect(await retention(30).purge()).toBe(0);
  });
});
