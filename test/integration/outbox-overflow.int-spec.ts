import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CartLoader, CartStore, MergeStore } from '@app/cart';
import { Metrics } from '@app/common';
import { CartTable, Database } from '@app/database';
import { keys, NoopLockService, RedisConnection } from '@app/redis';
import { EventPublisher, TransportStatus } from '@app/rocketmq';
import {
  CartChangedWriter,
  CartPages,
  ChangeLogTable,
  DeadLetterTable,
  Epochs,
  GapTable,
  OutboxRelay,
  OutboxStore,
  OverflowMetrics,
  OverflowRepair,
  OverflowStore,
  RedisFeedback,
  SyncMetrics,
  SyncRuns,
  SyncRunsMetrics,
  SyncRunTable,
  SyncService,
} from '@app/sync';
import { createDataSource } from '../../ormconfig.js';
import { eventually } from '../support/eventually.js';
import { newSku, toAdd } from '../support/factories.js';
import { OwnDatabase } from '../support/own-database.js';
import { RedisServer } from '../support/redis-server.js';
import { freshUserId, testEnv } from '../support/services.js';

const MAX = 4;
const env = testEnv({ OUTBOX_MAX_ENTRIES: String(MAX) });
let server: RedisServer;
let own: OwnDatabase;
let redis: RedisConnection;
let database: Database;
let table: CartTable;
let store: CartStore;
let loader: CartLoader;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  Logger.overrideLogger(false);
  [server, own] = await Promise.all([RedisServer.start(), OwnDatabase.create()]);
  redis = new RedisConnection({ url: server.url });
  await redis.connect();
  database = new Database(createDataSource(own.url));
  table = new CartTable(database);
  store = new CartStore(redis, env);
  loader = new CartLoader(store, table, new NoopLockService());
});
beforeEach(async () => {
  await redis.command(['FLUSHALL']);
  for (const name of ['cart', 'cart_change_log', 'change_log_gap', 'sync_run']) {
    await database.query(`DELETE FROM ${name}`);
  }
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
afterAll(async () => {
  await redis.close();
  await database.onApplicationShutdown();
  await Promise.all([server.stop(), own.drop()]);
});

/** Where the broker and its consumer stand: what is published is written as the consumer writes it. */
class WorkingBroker extends EventPublisher {
  override readonly status: TransportStatus = { state: 'connected', since: new Date() };

  constructor(private readonly writer: CartChangedWriter) {
    super();
  }

  override publish(_pattern: string, events: readonly unknown[]): Promise<void> {
    return this.writer.apply(events, 'message');
  }
}

/** The broker is back. */
function startRelay(): void {
  const outbox = new OutboxStore(redis, { ...env, INSTANCE_ID: 'relay' });
  const [metrics, epochs] = [new SyncMetrics(new Metrics(), outbox), new Epochs(redis)];
  const [log, letters] = [new ChangeLogTable(database), new DeadLetterTable(database)];
  const feedback = new RedisFeedback(store, new SyncService(store, loader, table), epochs);
  const writer = new CartChangedWriter(database, table, log, letters, feedback, metrics);
  const relay = new OutboxRelay(outbox, new WorkingBroker(writer), letters, epochs, metrics);
  closing.push(
    () => relay.beforeApplicationShutdown(),
    () => outbox.onApplicationShutdown(),
  );
  relay.onApplicationBootstrap();
}

/** What one process has. */
function instance(carts = table) {
  const registry = new Metrics();
  const runs = new SyncRuns(new SyncRunTable(database), new SyncRunsMetrics(registry));
  const overflow = new OverflowStore(redis, env);
  const metrics = new OverflowMetrics(registry, overflow);
  const sync = new SyncService(store, new CartLoader(store, carts, new NoopLockService()), carts);
  const repair = new OverflowRepair(overflow, new GapTable(database), metrics, runs, new CartPages(redis), sync);
  return { registry: registry.registry, runs, overflow, repair, sync };
}

const user = () => ({ kind: 'user', id: freshUserId() }) as const;
const add = (owner: { kind: 'user' | 'guest'; id: string }, sku = newSku()) =>
  loader.write(owner, () => store.add(owner, toAdd(env, sku), {}));
const depth = () => redis.command<number>(['XLEN', keys.outbox]);
const drained = () => eventually(async () => expect(await depth()).toBe(0));
const logged = async () => (await database.query<{ n: string }>('SELECT COUNT(*) AS n FROM cart_change_log'))[0]!.n;
const latestRun = async () => (await new SyncRunTable(database).page()).runs[0];

describe('a full outbox', () => {
  it('takes no more; the carts are marked, repaired when there is room, and the missing lines counted exactly', async () => {
    const [full, marked, guest] = [user(), user(), { kind: 'guest', id: `guest-${freshUserId()}` } as const];
    const skus = [newSku(), newSku(), newSku()];
    for (const sku of skus) await add(full, sku);
    await add(marked, skus[0]);
    expect(await depth()).toBe(MAX);
    // Six changes without room: seven lines of users, one of a guest.
    await add(full, skus[0]);
    await store.clear(full, {});
    await add(marked, skus[1]);
    await store.remove(marked, [skus[0]!.skuId], {});
    await add(marked, skus[0]);
    await add(guest);
    expect(await depth()).toBe(MAX);
    const { repair, overflow, runs, sync, registry } = instance();
    const outbox = new OutboxStore(redis, env);
    closing.push(() => outbox.onApplicationShutdown());
    expect(await overflow.count()).toBe(2);
    expect(await outbox.isFull()).toBe(true);
    expect(await overflow.gap()).toMatchObject({ lines: 8 });

    await repair.look();
    expect(await latestRun()).toBeUndefined();
    startRelay();
    await drained();
    await repair.look();
    await runs.idle();

    expect(await latestRun()).toMatchObject({ kind: 'overflow', status: 'succeeded', carts: 2, failures: 0, drift: 0 });
    expect(await overflow.count()).toBe(0);
    expect(await outbox.isFull()).toBe(false);
    for (const { id } of [full, marked]) {
      expect((await sync.diff(id)).inSync).toBe(true);
      expect((await store.picture(id)).removed).toEqual([]);
    }
    expect((await table.loadAll(full.id)).map(({ deleted }) => deleted)).toEqual([true, true, true]);
    expect(Number(await logged()) + 8).toBe(MAX + 8);
    expect(await new GapTable(database).total()).toBe(8);
    expect((await registry.getSingleMetric('cart_change_log_gaps')!.get()).values[0]!.value).toBe(8);
    await add(full);
    await drained();
    expect(Number(await logged())).toBe(MAX + 1);
  });

  it('counts for a merge too', async () => {
    const [owner, guest] = [user(), { kind: 'guest', id: `guest-${freshUserId()}` } as const];
    const merges = new MergeStore(redis, env);
    for (let i = 0; i < MAX - 1; i++) await add(guest);
    await add(owner);
    const frozen = await merges.freeze(guest.id, owner.id, { strategy: 'sum', select: 'keep' });
    if (frozen === undefined || frozen === 'merged') throw new Error('not frozen');
    await merges.apply(owner.id, guest.id, frozen, { maxSkus: 120, maximumOf: () => 99 }, {});
    await merges.close(guest.id, owner.id);
    const { overflow } = instance();
    expect(await depth()).toBe(MAX);
    expect(await overflow.count()).toBe(1);
    expect((await overflow.gap())!.lines).toBe(2 * (MAX - 1));
  });
});

describe('a mark', () => {
  /** More carts than there is room for, and the broker back. */
  async function markedCarts(count: number) {
    const owners = Array.from({ length: count + MAX }, user);
    for (const owner of owners) await add(owner);
    startRelay();
    await drained();
    return owners.slice(MAX);
  }

  it('stays when the repair does not come to its end, and the next one takes it up', async () => {
    const owners = await markedCarts(5);
    const failing = instance(
      new (class extends CartTable {
        private left = 2;
        override async upsert(...args: Parameters<CartTable['upsert']>): Promise<void> {
          const isOutermost = args[1] === undefined;
          if (isOutermost && this.left-- <= 0) throw new Error('the process dies here');
          return super.upsert(...args);
        }
      })(database),
    );
    await failing.repair.look();
    await failing.runs.idle();
    const { overflow, repair, runs, sync } = instance();
    expect(await overflow.count()).toBe(3);
    await repair.look();
    await runs.idle();
    expect(await overflow.count()).toBe(0);
    for (const { id } of owners) expect((await sync.diff(id)).inSync).toBe(true);
  });

  it('stays when the cart is changed without room during its comparison', async () => {
    const [owner] = await markedCarts(1);
    const fillers = Array.from({ length: MAX }, user);
    const slow = instance(
      new (class extends CartTable {
        override async upsert(...args: Parameters<CartTable['upsert']>): Promise<void> {
          await super.upsert(...args);
          if (args[1]) return;
          for (const closeRelay of closing.splice(0)) await closeRelay();
          for (const filler of fillers) await add(filler);
          await add(owner!);
        }
      })(database),
    );
    await slow.repair.look();
    await slow.runs.idle();
    const { overflow, repair, runs, sync } = instance();
    expect(await overflow.count()).toBe(1);
    expect((await sync.diff(owner!.id)).inSync).toBe(false);
    startRelay();
    await drained();
    await repair.look();
    await runs.idle();
    expect(await overflow.count()).toBe(0);
    expect((await sync.diff(owner!.id)).inSync).toBe(true);
  });
});

describe('the count of missing lines', () => {
  it('is kept once, however often and by whomever, and goes on after Redis has lost it', async () => {
    const gaps = new GapTable(database);
    for (const lines of [3, 5, 5, 4]) await gaps.keep({ since: '1763790000000001', lines });
    expect(await gaps.total()).toBe(5);
    await gaps.keep({ since: '1763790000000099', lines: 2 });
    expect(await gaps.total()).toBe(7);
  });
});
