import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CART_CHANGED, CartLoader, CartStore, toCartChanged } from '@app/cart';
import { Metrics } from '@app/common';
import { CartChange, CartTable, Database, toDateTime } from '@app/database';
import { NoopLockService, RedisConnection } from '@app/redis';
import {
  AbandonmentReport,
  AbandonmentTable,
  CartChangedWriter,
  ChangeLogTable,
  DeadLetters,
  DeadLetterTable,
  Epochs,
  OutboxStore,
  RedisFeedback,
  SyncMetrics,
  SyncService,
} from '@app/sync';
import { createDataSource } from '../../ormconfig.js';
import { newItem } from '../support/factories.js';
import { OwnDatabase } from '../support/own-database.js';
import { freshSkuId, freshUserId, services, testEnv } from '../support/services.js';

// A database of its own: the log and the dead letters are looked at as a whole.
const env = testEnv();
const redis = new RedisConnection({ url: `${services().redisUrl}/5` });
const outbox = new OutboxStore(redis, env);
let own: OwnDatabase;
let database: Database;
let log: ChangeLogTable;
let letters: DeadLetterTable;
let writer: CartChangedWriter;
let deadLetters: DeadLetters;
let report: AbandonmentReport;

beforeAll(async () => {
  Logger.overrideLogger(false);
  own = await OwnDatabase.create();
  await redis.connect();
  database = new Database(createDataSource(own.url));
  [log, letters] = [new ChangeLogTable(database), new DeadLetterTable(database)];
  const [store, table] = [new CartStore(redis, env), new CartTable(database)];
  const sync = new SyncService(store, new CartLoader(store, table, new NoopLockService()), table);
  const feedback = new RedisFeedback(store, sync, new Epochs(redis));
  const metrics = new SyncMetrics(new Metrics(), outbox);
  writer = new CartChangedWriter(database, table, log, letters, feedback, metrics);
  deadLetters = new DeadLetters(letters, writer);
  report = new AbandonmentReport(new AbandonmentTable(database));
});
beforeEach(async () => {
  await database.query('DELETE FROM cart_change_log');
  await database.query('DELETE FROM dead_letter');
  await database.query('DELETE FROM product_sku');
});
afterAll(async () => {
  await outbox.onApplicationShutdown();
  await redis.close();
  await database.onApplicationShutdown();
  await own.drop();
});

const START = Date.parse('2026-11-20T08:00:00.000Z');
const HOUR = 3_600_000;
let clock = 0;

/** One change of one SKU; the versions grow from call to call. */
function change(
  owner: CartChange['owner'],
  skuId: string,
  [before, after]: [number, number],
  { source = owner.kind, at = START, device }: { source?: string; at?: number; device?: string } = {},
): CartChange {
  const version = String(1_000_000 + ++clock);
  const item = newItem({ skuId, quantity: after, version, changedAt: at, addedAt: at, position: `${version}000` });
  return { owner, version, at, action: 'test', source, device, items: [{ ...item, before, deleted: after === 0 }] };
}
const user = (id = freshUserId()) => ({ kind: 'user', id }) as const;
const guest = () => ({ kind: 'guest', id: `${freshUserId()}abcdef` }) as const;
const shuffled = <T>(values: readonly T[]) => [...values].sort(() => Math.random() - 0.5);

describe('the change log, read', () => {
  it('goes page by page through the changes of a user, newest first, each once', async () => {
    const [one, other] = [user(), user()];
    const changes = Array.from({ length: 230 }, (_, i) => change(one, String(i + 1), [0, 1], { at: START + i * 1000 }));
    await log.append(shuffled([...changes, change(other, '5', [0, 1])]));
    const seen: string[] = [];
    for (let next, isFirst = true; isFirst || next; isFirst = false) {
      const page = await log.page({ userId: one.id }, next ?? undefined);
      seen.push(...page.lines.map((line) => line.skuId));
      next = page.next;
    }
    expect(seen).toEqual(changes.map(({ items }) => items[0]!.skuId).reverse());
  });

  it('of everybody goes by time, many of one moment too', async () => {
    const changes = Array.from({ length: 250 }, (_, i) =>
      change(i % 2 ? user() : guest(), '7', [0, 1], { at: START + (i % 3) }),
    );
    await log.append(changes);
    const seen = new Set<string>();
    const times: number[] = [];
    for (let next, isFirst = true; isFirst || next; isFirst = false) {
      const page = await log.page({}, next ?? undefined);
      page.lines.forEach((line) => seen.add(line.id));
      times.push(...page.lines.map((line) => line.at));
      next = page.next;
    }
    expect(seen.size).toBe(250);
    expect(times).toEqual([...times].sort((a, b) => b - a));
  });

  it('names the device of each change that came with one', async () => {
    const owner = user();
    await log.append([change(owner, '9', [0, 1]), change(owner, '9', [1, 2], { device: 'ios-17' })]);
    const { lines } = await log.page({ userId: owner.id });
    expect(lines.map(({ device }) => device)).toEqual(['ios-17', null]);
  });

  it('is filtered by time, the end excluded, and has every fact', async () => {
    const owner = user();
    await log.append([0, 1, 2].map((hour) => change(owner, '9', [hour, hour + 1], { at: START + hour * HOUR })));
    for (const filter of [{ userId: owner.id }, {}]) {
      const { lines, next } = await log.page({ ...filter, from: START + HOUR, to: START + 2 * HOUR });
      expect(next).toBeNull();
      expect(lines).toMatchObject([
        { owner, skuId: '9', action: 'test', source: 'user', before: 1, after: 2, selected: true, price: '3.39' },
      ]);
      expect(lines[0]!.at).toBe(START + HOUR);
    }
  });
});

describe('dead letters', () => {
  const eventOf = (owner: CartChange['owner']) => toCartChanged(change(owner, freshSkuId(), [0, 2]), 1);

  it('are paged, newest first, with the reason and the beginning of the body', async () => {
    for (let i = 0; i < 52; i++)
      await letters.add([{ messageId: `m${i}`, reason: `r${i}`, body: `${i}${'x'.repeat(9_000)}` }]);
    const first = await letters.page();
    expect(first.letters).toHaveLength(50);
    expect(first.letters[0]).toMatchObject({ messageId: 'm51', reason: 'r51', bytes: 9_002, replayedAt: null });
    expect(first.letters[0]!.excerpt).toHaveLength(4_000);
    const second = await letters.page(first.next!);
    expect(second).toMatchObject({ letters: [{ messageId: 'm1' }, { messageId: 'm0' }], next: null });
    expect(await letters.count()).toBe(52);
  });

  it.each([
    ['an event', (event: object) => JSON.stringify(event)],
    ['several events', (event: object) => JSON.stringify([event])],
    ['a message', (event: object) => Buffer.from(JSON.stringify({ pattern: CART_CHANGED, data: [event] }))],
  ])('are applied when they can be: %s', async (_name, bodyOf) => {
    const owner = user();
    const body = bodyOf(eventOf(owner));
    await letters.add([{ messageId: 'm', reason: 'the table was not ready', body }]);
    const { id } = (await letters.page()).letters[0]!;
    const replayed = await deadLetters.replay(id);
    expect(replayed.replayedAt).toBeGreaterThan(0);
    expect(await new CartTable(database).loadAll(owner.id)).toMatchObject([{ quantity: 2, deleted: false }]);
    expect((await log.page({ userId: owner.id })).lines).toHaveLength(1);
    expect(await letters.count()).toBe(0);
    // Again: nothing more happens.
    expect(await deadLetters.replay(id)).toEqual(replayed);
    expect((await log.page({ userId: owner.id })).lines).toHaveLength(1);
  });

  it('that MySQL would not take are written once it does', async () => {
    const owner = user();
    const event = eventOf(owner);
    await database.query(
      `CREATE TRIGGER unfit BEFORE INSERT ON cart FOR EACH ROW IF NEW.user_id = ${owner.id}
       THEN SIGNAL SQLSTATE '22001' SET MYSQL_ERRNO = 1406, MESSAGE_TEXT = 'does not fit'; END IF`,
    );
    let id: string;
    try {
      await writer.apply([event], 'm');
      ({ id } = (await letters.page()).letters[0]!);
      expect(await deadLetters.replay(id)).toMatchObject({ replayedAt: null, reason: 'does not fit' });
    } finally {
      await database.query('DROP TRIGGER unfit');
    }
    expect((await deadLetters.replay(id)).replayedAt).not.toBeNull();
    expect(await new CartTable(database).loadAll(owner.id)).toMatchObject([{ quantity: 2 }]);
  });

  it('that are an entry of the outbox are applied as the relay would have sent them', async () => {
    const owner = user();
    const raw = `7 0 0 2 1 339 1 1 1000000 1000 {"name":"n","image":"","spec":"","shopId":"7","skuCode":"c"}`;
    const fields = ['o', `user:${owner.id}`, 'v', '1000', 't', '1763790000000', 'a', 'add', 's', 'user', 'r', raw];
    await letters.add([{ messageId: '1-1', reason: 'too large', body: JSON.stringify({ id: '1-1', fields }) }]);
    const { id } = (await letters.page()).letters[0]!;
    const { replayedAt, reason } = await deadLetters.replay(id);
    expect({ replayedAt, reason }).toMatchObject({ reason: 'too large', replayedAt: expect.any(Number) });
  });

  it.each([
    ['no JSON', '{', 'not readable'],
    ['of another kind', '{"pattern":"other","data":1}', 'nobody here listens'],
    ['broken', '{"schema":1}', 'not a cart.changed event'],
    ['null', 'null', 'not a cart.changed event'],
    ['no text', Buffer.from([0xff, 0xfe]), 'not readable'],
  ])('that still cannot be applied stay, with the new reason: %s', async (_name, body, reason) => {
    await letters.add([{ messageId: 'm', reason: 'as it was', body }]);
    const { id } = (await letters.page()).letters[0]!;
    const kept = await deadLetters.replay(id);
    expect(kept.replayedAt).toBeNull();
    expect(kept.reason).toContain(reason);
    expect(await letters.count()).toBe(1);
  });

  it('of an unknown id are not found', async () => {
    await expect(deadLetters.replay('9223372036854775807')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('the abandonment report', () => {
  async function skus(...shops: string[]) {
    const ids = shops.map(() => freshSkuId()).sort((a, b) => Number(a) - Number(b));
    for (const [i, skuId] of ids.entries()) {
      await database.query(
        `INSERT INTO product_sku (sku_id, sku_code, shop_id, shop_name, name, image, spec, price, stock, status, version)
         VALUES (?, ?, ?, 's', ?, '', '', 1.00, 1, 'on', 1)`,
        [skuId, `code-${skuId}`, shops[i], `name ${i}`],
      );
    }
    return ids;
  }
  const all = { from: START - HOUR, to: START + 100 * HOUR };

  /** An order of one unit, as far as the report looks at it. */
  async function order(owner: CartChange['owner'], skuId: string, status: string, at = START) {
    const when = toDateTime(at);
    const { insertId } = (await database.query(
      `INSERT INTO orders (user_id, status, currency, goods, promotion_discount, coupon_discount, payable, coupon_ids,
         gifts, created_at, expires_at, cart_state, attempt_at)
       VALUES (?, ?, 'CNY', 1, 0, 0, 1, '[]', '[]', ?, ?, 'taken', ?)`,
      [owner.id, status, when, when, when],
    )) as unknown as { insertId: number };
    await database.query(
      `INSERT INTO order_item (order_id, sku_id, user_id, quantity, price, goods, promotion_discount, coupon_discount,
         payable, snapshot, item, item_version) VALUES (?, ?, ?, 1, 1, 1, 0, 0, 1, '{}', '{}', ?)`,
      [insertId, skuId, owner.id, insertId],
    );
  }

  it('counts shoppers, not changes: who added, who bought, who still holds it, after doubled and shuffled delivery', async () => {
    const [sku, untouched] = (await skus('7', '7')) as [string, string];
    const [holder, remover, buyer, canceller, before] = [user(), user(), user(), user(), user()];
    const [visitor, merged, mergedInto] = [guest(), guest(), user()];
    const changes = [
      change(holder, sku, [0, 1]),
      change(holder, sku, [1, 4]),
      change(holder, sku, [4, 3]),
      change(remover, sku, [0, 2]),
      change(remover, sku, [2, 0]),
      change(buyer, sku, [0, 2]),
      change(buyer, sku, [2, 0], { source: 'order' }),
      change(canceller, sku, [0, 1]),
      change(canceller, sku, [1, 0], { source: 'order' }),
      change(canceller, sku, [0, 1], { source: 'order' }),
      change(visitor, sku, [0, 1]),
      change(merged, sku, [0, 5]),
      change(merged, sku, [5, 0], { source: 'merge' }),
      change(mergedInto, sku, [0, 5], { source: 'merge' }),
      // Not in that time, and not by the shopper.
      change(before, sku, [0, 1], { at: START - 2 * HOUR }),
      change(user(), sku, [0, 1], { source: 'admin' }),
    ];
    const expected = [
      { skuId: sku, skuCode: `code-${sku}`, name: 'name 0', shopId: '7', added: 6, guests: 1, bought: 1, unpaid: 4 },
    ];
    await order(buyer, sku, 'paid');
    await order(canceller, sku, 'cancelled');
    await log.append(changes);
    expect(await report.page(all)).toEqual({ skus: expected, next: null });
    await database.query('DELETE FROM cart_change_log');
    for (const one of shuffled([...changes, ...changes])) await log.append([one]);
    expect(await report.page(all)).toEqual({ skus: expected, next: null });
    expect(expected.map(({ skuId }) => skuId)).not.toContain(untouched);
  });

  it('A2: counts who has paid once, whatever they do later, and an unpaid order as not bought yet', async () => {
    const [sku] = (await skus('7')) as [string];
    const [again, waiting, cancelled, earlier, ...others] = [user(), user(), user(), user(), user()];
    await order(again, sku, 'paid');
    await order(again, sku, 'cancelled');
    await order(waiting, sku, 'pending');
    await order(cancelled, sku, 'cancelled');
    await order(earlier, sku, 'paid', START - 2 * HOUR);
    const ordering = [again, waiting, cancelled, earlier].map((one) => [
      change(one, sku, [0, 1]),
      change(one, sku, [1, 0], { source: 'order' }),
    ]);
    const returned = [again, cancelled].map((one) => change(one, sku, [0, 1], { source: 'order' }));
    await log.append([...ordering.flat(), ...returned, change(others[0], sku, [0, 1])]);
    const { skus: found } = await report.page(all);
    expect(found).toMatchObject([{ skuId: sku, added: 5, bought: 1, unpaid: 4 }]);
  });

  it('is of one shop, and goes page by page', async () => {
    const ids = await skus(...Array.from({ length: 260 }, (_, i) => (i % 2 ? '7' : '8')));
    await log.append(ids.map((skuId) => change(user(), skuId, [0, 1])));
    for (const [shopId, count] of [
      [undefined, 260],
      ['7', 130],
      ['9', 0],
    ] as const) {
      const seen: string[] = [];
      for (let next: string | null = '0'; next !== null;) {
        const page: Awaited<ReturnType<AbandonmentReport['page']>> = await report.page({ ...all, shopId }, next);
        expect(page.skus.length).toBeLessThanOrEqual(150);
        seen.push(...page.skus.map((sku) => sku.skuId));
        next = page.next;
      }
      expect(new Set(seen).size).toBe(count);
      expect(seen).toHaveLength(count);
    }
  });
});
