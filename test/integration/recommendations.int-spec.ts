import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CartLoader, CartStore } from '@app/cart';
import { Metrics } from '@app/common';
import { CartTable, Database, toDateTime } from '@app/database';
import { Catalogue, InventoryCheck, Limits, SkuList, SkuTable } from '@app/inventory-check';
import { Promotions, ShopClock, type Promotion } from '@app/pricing';
import { CompanionsLearner, Companions, CompanionTable } from '@app/recommendations';
import { GapClosers, OrderBaskets, RecommendationsService } from '@app/recommendations';
import { keys, NoopLockService, RedisConnection } from '@app/redis';
import { SyncRuns, SyncRunsMetrics, SyncRunTable } from '@app/sync';
import { seedCompanions } from '../../apps/server/src/seed-companions.js';
import { readSampleCatalogue } from '../../apps/server/src/sample-catalogue.js';
import { createDataSource } from '../../ormconfig.js';
import { newSku, toAdd } from '../support/factories.js';
import { OwnDatabase } from '../support/own-database.js';
import { RedisServer } from '../support/redis-server.js';
import { freshUserId, testEnv } from '../support/services.js';

// Servers of its own: a run learns from every order there is.
const env = testEnv({ RECOMMENDATIONS_DAYS: '90' });
let server: RedisServer;
let own: OwnDatabase;
let redis: RedisConnection;
let database: Database;
let skuTable: SkuTable;
let catalogue: Catalogue;
let table: CompanionTable;
let companions: Companions;
let runs: SyncRuns;
let learner: CompanionsLearner;
let store: CartStore;
let service: RecommendationsService;
const promotions = new Promotions();

beforeAll(async () => {
  Logger.overrideLogger(false);
  [server, own] = await Promise.all([RedisServer.start(), OwnDatabase.create()]);
  redis = new RedisConnection({ url: server.url });
  await redis.connect();
  database = new Database(createDataSource(own.url));
  skuTable = new SkuTable(database);
  table = new CompanionTable(database);
  companions = new Companions(redis, table);
  runs = new SyncRuns(new SyncRunTable(database), new SyncRunsMetrics(new Metrics()));
  learner = new CompanionsLearner(
    env,
    { add: () => undefined } as never,
    runs,
    new OrderBaskets(database),
    table,
    companions,
  );
  store = new CartStore(redis, env);
  const inventory = new InventoryCheck(env, new Limits(env));
  catalogue = new Catalogue(redis, skuTable);
  const closers = new GapClosers(promotions, catalogue, inventory, new SkuList(skuTable), new ShopClock());
  const loader = new CartLoader(store, new CartTable(database), new NoopLockService());
  service = new RecommendationsService(loader, companions, catalogue, inventory, closers);
});
beforeEach(async () => {
  await redis.command(['FLUSHALL']);
  promotions.replace([]);
  for (const name of ['order_item', 'orders', 'sku_companion', 'sync_run', 'product_sku']) {
    await database.query(`DELETE FROM ${name}`);
  }
});
afterAll(async () => {
  await redis.close();
  await database.onApplicationShutdown();
  await Promise.all([server.stop(), own.drop()]);
});

let lastItem = 0;

async function order(skuIds: readonly (string | number)[], status = 'paid', daysAgo = 1): Promise<void> {
  const at = toDateTime(Date.now() - daysAgo * 86_400_000);
  await database.transaction(async (query) => {
    const { insertId } = (await query(
      `INSERT INTO orders (user_id, status, currency, goods, promotion_discount, coupon_discount, payable, coupon_ids, gifts,
         created_at, expires_at, closed_at, cart_state, attempt_at)
       VALUES (1, ?, 'CNY', 0, 0, 0, 0, '[]', '[]', ?, ?, ?, 'settled', ?)`,
      [status, at, at, at, at],
    )) as unknown as { insertId: string };
    const rows = skuIds.map((id) => [insertId, id, 1, 1, 1, 1, 0, 0, 1, '{}', '{}', ++lastItem]);
    await query(
      `INSERT INTO order_item (order_id, sku_id, user_id, quantity, price, goods, promotion_discount, coupon_discount,
         payable, snapshot, item, item_version) VALUES ?`,
      [rows],
    );
  });
}

async function orders(count: number, ...skuIds: number[]): Promise<void> {
  for (let i = 0; i < count; i++) await order(skuIds);
}

async function learn(): Promise<Record<string, unknown>> {
  const runId = await learner.start();
  await runs.idle();
  const [run] = await database.query<Record<string, unknown>>('SELECT * FROM sync_run WHERE run_id = ?', [runId]);
  expect(run).toMatchObject({ kind: 'recommendations', status: 'succeeded' });
  return run!;
}

/** The scores by SQL alone, from the words of the definition. */
async function scores(): Promise<Map<string, number>> {
  const rows = await database.query<{ a: string; b: string; both_of: string; either: string }>(
    `SELECT x.sku_id AS a, y.sku_id AS b, COUNT(*) AS both_of,
       (SELECT COUNT(DISTINCT i.order_id) FROM order_item i JOIN orders o USING (order_id)
        WHERE o.status = 'paid' AND i.sku_id IN (x.sku_id, y.sku_id)) AS either
     FROM order_item x JOIN order_item y ON y.order_id = x.order_id AND y.sku_id <> x.sku_id
     JOIN orders p ON p.order_id = x.order_id AND p.status = 'paid'
     GROUP BY x.sku_id, y.sku_id HAVING COUNT(*) >= 3`,
  );
  return new Map(rows.map((row) => [`${row.a} ${row.b}`, Number(row.both_of) / Number(row.either)]));
}

async function stored(): Promise<Map<string, number>> {
  const rows = await database.query<Record<string, string>>('SELECT * FROM sku_companion');
  return new Map(rows.map((row) => [`${row['sku_id']} ${row['companion_id']}`, Number(row['score'])]));
}

async function cartOf(...skuIds: string[]) {
  const owner = { kind: 'user', id: freshUserId() } as const;
  const loader = new CartLoader(store, new CartTable(database), new NoopLockService());
  const skus = await catalogue.getMany(skuIds);
  for (const skuId of skuIds) {
    const addition = toAdd(env, skus.get(skuId)!);
    const added = await loader.write(owner, () => store.add(owner, addition, {}));
    expect(added.code).toBe('OK');
  }
  return owner;
}

/** Puts SKUs on the shelf: id → price in cents. */
async function shelf(prices: Record<string, number>, overrides: Parameters<typeof newSku>[0] = {}): Promise<void> {
  await catalogue.upsert(
    Object.entries(prices).map(([skuId, price]) => {
      const { version: _version, ...sku } = newSku({ skuId, price, shopId: '7', stock: 50, ...overrides });
      return { ...sku, status: 'on' as const };
    }),
  );
}

const recommended = async (owner: Awaited<ReturnType<typeof cartOf>>, promotionId?: string) =>
  (await service.recommend(owner, promotionId)).items.map(({ sku }) => sku.skuId);

describe('what is bought together', () => {
  it('is learned from paid orders, with the scores that SQL gives', async () => {
    let state = 7;
    const random = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
    for (let i = 0; i < 130; i++) {
      const skuIds = new Set(Array.from({ length: 1 + random(5) }, () => 100 + random(8)));
      await order([...skuIds], i % 7 === 0 ? 'expired' : 'paid', 1 + random(80));
    }
    const expected = await scores();
    expect(expected.size).toBeGreaterThan(20);
    const { carts, written } = await learn();
    const found = await stored();
    expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [pair, score] of found) expect(score).toBeCloseTo(expected.get(pair)!, 5);
    expect([Number(carts), Number(written)]).toEqual([111, expected.size]);
  });

  it('is forgotten when no order tells of it any more, and old orders tell nothing', async () => {
    await orders(3, 1, 2);
    await orders(3, 1, 3);
    await learn();
    expect([...(await stored()).keys()].sort()).toEqual(['1 2', '1 3', '2 1', '3 1']);
    await database.query(
      `UPDATE orders JOIN order_item USING (order_id) SET closed_at = UTC_TIMESTAMP(3) - INTERVAL 91 DAY WHERE sku_id = 2`,
    );
    await learn();
    expect([...(await stored()).keys()].sort()).toEqual(['1 3', '3 1']);
    await database.query('DELETE FROM orders');
    await learn();
    expect((await stored()).size).toBe(0);
  });

  it('is read from Redis in one round trip, and anew when it was learned anew', async () => {
    await orders(3, 1, 2);
    await learn();
    expect((await companions.of(['1', '9'])).get('1')).toMatchObject([{ skuId: '2', score: 1 }]);
    expect(await redis.command(['MGET', keys.companions('1'), keys.companions('9')])).toEqual(['[["2",1]]', '[]']);
    await database.query('DELETE FROM sku_companion');
    expect((await companions.of(['1'])).get('1')).toMatchObject([{ skuId: '2' }]);
    await orders(3, 1, 4);
    await learn();
    expect((await companions.of(['1'])).get('1')!.map(({ skuId }) => skuId)).toEqual(['2', '4']);
  });

  it('is learned once for a moment of the schedule', async () => {
    const dueAt = Date.now();
    const ids = await Promise.all([learner.start(dueAt), learner.start(dueAt)]);
    await runs.idle();
    expect(await learner.start(dueAt)).toBeUndefined();
    const found = await database.query('SELECT 1 FROM sync_run');
    expect(found).toHaveLength(1);
    expect(ids.filter((id) => id !== undefined).length).toBeGreaterThanOrEqual(1);
  });
});

describe(seedCompanions.name, () => {
  const seed = () => seedCompanions(skuTable, table, new OrderBaskets(database));

  it('begins with the invoices of the sample, and orders of the shop replace them SKU by SKU', async () => {
    const sample = readSampleCatalogue().slice(0, 400);
    await shelf(Object.fromEntries(sample.map(({ skuId }) => [skuId, 100])));
    await database.query('UPDATE product_sku SET sku_code = ? WHERE sku_id = 100001', ['of another shop']);
    for (const { skuId, skuCode } of sample.slice(1)) {
      await database.query('UPDATE product_sku SET sku_code = ? WHERE sku_id = ?', [skuCode, skuId]);
    }
    await seed();
    const seeded = await stored();
    expect(seeded.size).toBeGreaterThan(100);
    expect([...seeded.keys()].join(' ')).not.toMatch(/\b100001\b/);
    await learn();
    expect((await stored()).size).toBe(seeded.size);
    const [some] = [...seeded.keys()][0]!.split(' ');
    await orders(3, Number(some), 5);
    await learn();
    const now = [...(await stored()).keys()];
    expect(now.filter((pair) => pair.startsWith(`${some} `))).toEqual([`${some} 5`]);
    expect(now.length).toBeGreaterThan(100);
  });

  it('leaves a shop alone that has orders, and does nothing twice', async () => {
    const [first] = readSampleCatalogue();
    await shelf({ [first!.skuId]: 100 });
    await order([1], 'pending');
    await seed();
    expect((await stored()).size).toBe(0);
  });
});

describe(RecommendationsService.name, () => {
  it('adds up what speaks for a SKU, and names nothing that is in the cart or cannot be bought', async () => {
    await shelf({ 1: 100, 2: 100, 3: 100, 4: 100, 5: 100, 6: 100 });
    await orders(4, 1, 3);
    await orders(4, 2, 3);
    await orders(5, 1, 4);
    await orders(3, 1, 2, 5);
    await orders(3, 1, 6);
    await learn();
    const owner = await cartOf('1', '2');
    // 5: 3/15 + 3/7; 3: 4/19 + 4/11; 4: 5/15; 6: 3/15.
    expect(await recommended(owner)).toEqual(['5', '3', '4', '6']);
    expect((await service.recommend(owner)).items[0]).toMatchObject({ boughtWith: ['2', '1'], closesGap: null });
    await catalogue.patch('5', { status: 'off' });
    await catalogue.patch('4', { stock: 0 });
    await catalogue.remove('6');
    expect(await recommended(owner)).toEqual(['3']);
    expect(await recommended(await cartOf())).toEqual([]);
  });

  const promotion = (scope: Promotion['scope']): Promotion => ({
    ...{ promotionId: 'p', label: '满100减10', scope, startsAt: null, endsAt: null, priority: 0, status: 'on' },
    ...{ kind: 'full_reduction', tiers: [{ threshold: 10_000, discount: 1_000 }], repeat: 'once' },
  });

  it('closes the gap of a promotion with what is on the shelf in its scope', async () => {
    await shelf({ 1: 6_200, 2: 3_800, 3: 3_900, 4: 3_799, 5: 20_000 });
    await shelf({ 6: 3_800 }, { shopId: '8' });
    await shelf({ 7: 3_810 }, { stock: 0 });
    promotions.replace([promotion({ shopId: '7' })]);
    const owner = await cartOf('1');
    expect((await service.recommend(owner, 'p')).gap).toBe(3_800);
    expect(await recommended(owner, 'p')).toEqual(['2', '3', '5', '4']);
    promotions.replace([promotion({ platform: true })]);
    expect(await recommended(owner, 'p')).toEqual(['2', '6', '3', '5', '4']);
    promotions.replace([promotion({ skuIds: ['1', '4', '5'] })]);
    expect(await recommended(owner, 'p')).toEqual(['5', '4']);
  });

  it('prefers what is bought with the cart, and looks higher when offers make SKUs count for less', async () => {
    await shelf({ 1: 6_200, 2: 3_850, 3: 3_890 });
    await shelf(Object.fromEntries(Array.from({ length: 80 }, (_, i) => [String(100 + i), 3_800 + i])), {
      shopId: '9',
    });
    await shelf({ 300: 7_700 }, { shopId: '9' });
    await orders(3, 1, 3);
    await learn();
    const owner = await cartOf('1');
    promotions.replace([promotion({ shopId: '7' })]);
    expect(await recommended(owner, 'p')).toEqual(['3', '2']);
    const half: Promotion = {
      ...{
        promotionId: 'half',
        label: '',
        scope: { shopId: '9' },
        startsAt: null,
        endsAt: null,
        priority: 0,
        status: 'on',
      },
      ...{ kind: 'percent_off', percentOff: 5_000 },
    };
    promotions.replace([
      promotion({ skuIds: ['1', '300', ...Array.from({ length: 80 }, (_, i) => String(100 + i))] }),
      half,
    ]);
    const [best] = (await service.recommend(owner, 'p')).items;
    expect(best).toMatchObject({ sku: { skuId: '300' }, closesGap: true });
  });

  it('has nothing for a promotion that is unknown, over, or has no more to be reached', async () => {
    await shelf({ 1: 12_000, 2: 100 });
    const owner = await cartOf('1');
    const nothing = { items: [], gap: null };
    expect(await service.recommend(owner, 'unknown')).toEqual(nothing);
    promotions.replace([promotion({ platform: true })]);
    expect(await service.recommend(owner, 'p')).toEqual(nothing);
    promotions.replace([{ ...promotion({ skuIds: ['2'] }), startsAt: Date.now() + 60_000 }]);
    expect(await service.recommend(owner, 'p')).toEqual(nothing);
    promotions.replace([promotion({ skuIds: ['2'] })]);
    expect((await service.recommend(owner, 'p')).gap).toBe(10_000);
  });
});
