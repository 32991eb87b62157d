import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CartChanged, CartLoader, CartStore, toCartChanged } from '@app/cart';
import { Metrics } from '@app/common';
import { CartChange, CartTable, Database, DatabaseUnavailableError } from '@app/database';
import { NoopLockService, RedisConnection } from '@app/redis';
import { RocketmqContext } from '@app/rocketmq';
import {
  CartChangedConsumer,
  CartChangedWriter,
  ChangeLogTable,
  DeadLetterTable,
  MysqlBreaker,
  OutboxStore,
  SyncMetrics,
  Epochs,
  RedisFeedback,
  SyncService,
} from '@app/sync';
import { createDataSource } from '../../ormconfig.js';
import { newItem, newSku, SNAPSHOT, toAdd } from '../support/factories.js';
import { heldLoader } from '../support/held-loader.js';
import { freshUserId, services, testEnv } from '../support/services.js';

const env = testEnv();
const redis = new RedisConnection({ url: services().redisUrl });
const database = new Database(createDataSource(services().databaseUrl));
const table = new CartTable(database);
const store = new CartStore(redis, env);
const loader = new CartLoader(store, table, new NoopLockService());
const outbox = new OutboxStore(redis, env);
const epochs = new Epochs(redis);
const feedback = new RedisFeedback(store, new SyncService(store, loader, table), epochs);
const writer = new CartChangedWriter(
  database,
  table,
  new ChangeLogTable(database),
  new DeadLetterTable(database),
  feedback,
  new SyncMetrics(new Metrics(), outbox),
);

beforeAll(() => redis.connect());
afterAll(async () => {
  await outbox.onApplicationShutdown();
  await redis.close();
  await database.onApplicationShutdown();
});

/** The history of one SKU in one cart: quantities over time, 0 = removed; versions 100, 200, … */
function history(userId: string, skuId: string, quantities: number[], epoch = Number.MAX_SAFE_INTEGER): CartChanged[] {
  return quantities.map((quantity, i) => {
    const version = String((i + 1) * 100);
    const at = 1_700_000_000_000 + i * 1000;
    const item = newItem({ skuId, quantity, version, changedAt: at, addedAt: at, position: `${version}000` });
    const change: CartChange = {
      owner: { kind: 'user', id: userId },
      version,
      at,
      action: quantity === 0 ? 'remove' : 'add',
      source: 'user',
      items: [{ ...item, before: quantities[i - 1] ?? 0, deleted: quantity === 0 }],
    };
    return toCartChanged(change, epoch);
  });
}

function shuffled<T>(values: readonly T[]): T[] {
  const copy = [...values];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}

/** All of a user's rows but the columns that say when the row was written. */
async function rowsOf(userId: string) {
  return database.query<Record<string, unknown>>(
    `SELECT user_id, product_sku_id, product_sku_num, add_amount, selected_status, is_deleted, create_time, version,
       added_at, changed_at, position, snapshot FROM cart WHERE user_id = ? ORDER BY product_sku_id`,
    [userId],
  );
}

const logOf = (userId: string) =>
  database.query<Record<string, unknown>>(
    `SELECT sku_id, version, action, quantity_before, quantity_after FROM cart_change_log WHERE owner_id = ?
     ORDER BY sku_id, version`,
    [userId],
  );

const deadLettersOf = (messageId: string) =>
  database.query<{ reason: string; body: Buffer }>('SELECT reason, body FROM dead_letter WHERE message_id = ?', [
    messageId,
  ]);

describe('the table', () => {
  it('is the same after in-order, doubled and shuffled delivery, and the log has each change once', async () => {
    const [inOrder, mixed] = [freshUserId(), freshUserId()];
    const skus = ['11', '12', '13'];
    const quantities = [1, 3, 0, 2, 5, 0, 0, 4];
    const eventsOf = (userId: string) => skus.flatMap((skuId) => history(userId, skuId, quantities));
    for (const event of eventsOf(inOrder)) await writer.apply([event], 'm');

    const twice = shuffled([...eventsOf(mixed), ...eventsOf(mixed)]);
    for (let i = 0; i < twice.length; i += 5) await writer.apply(twice.slice(i, i + 5), 'm');
    await Promise.all(eventsOf(mixed).map((event) => writer.apply([event], 'm')));

    const withoutUser = (rows: object[]) => rows.map((row) => ({ ...row, user_id: '' }));
    expect(withoutUser(await rowsOf(mixed))).toEqual(withoutUser(await rowsOf(inOrder)));
    expect(await rowsOf(mixed)).toMatchObject(skus.map(() => ({ product_sku_num: 4, is_deleted: 0, version: '800' })));
    expect(await logOf(mixed)).toEqual(await logOf(inOrder));
    expect(await logOf(mixed)).toHaveLength(skus.length * quantities.length);
  });

  it('does not bring a removed item back for a late older event, and does for a later one', async () => {
    const userId = freshUserId();
    const [added, removed, again] = history(userId, '5', [2, 0, 7]);
    await writer.apply([removed], 'm');
    await writer.apply([added], 'm');
    expect(await rowsOf(userId)).toMatchObject([{ is_deleted: 1, product_sku_num: 0, version: '200' }]);
    await writer.apply([again], 'm');
    expect(await rowsOf(userId)).toMatchObject([
      { is_deleted: 0, product_sku_num: 7, create_time: '2023-11-14 22:13:22' },
    ]);
  });

  it('takes batches on the same rows from several consumers at once', async () => {
    const userId = freshUserId();
    const skus = Array.from({ length: 60 }, (_, i) => String(1000 + i));
    const batches = Array.from({ length: 6 }, (_, b) =>
      shuffled(skus.map((skuId) => history(userId, skuId, [1, 2, 3, 4, 5, 6])[b]!)),
    );
    await Promise.all(batches.map((batch) => writer.apply(batch, 'm')));
    expect(await rowsOf(userId)).toMatchObject(skus.map(() => ({ product_sku_num: 6, version: '600' })));
    expect(await logOf(userId)).toHaveLength(360);
  });
});

describe('a change of many items', () => {
  const skuIds = Array.from({ length: 120 }, (_, i) => String(2_000 + i));
  const linesOf = (userId: string) =>
    database.query<{ sku_id: string; sku_ids: string | null; version: string; selected: number }>(
      'SELECT sku_id, CAST(sku_ids AS CHAR) AS sku_ids, version, selected FROM cart_change_log WHERE owner_id = ? ORDER BY version, sku_id',
      [userId],
    );

  /** One action on many items; `quantities`: before and after. */
  function action(userId: string, version: string, name: string, items: [string, number, number, boolean][]) {
    const at = 1_700_000_000_000;
    return toCartChanged(
      {
        owner: { kind: 'user', id: userId },
        version,
        at,
        action: name,
        source: 'user',
        items: items.map(([skuId, before, quantity, selected]) => ({
          ...newItem({ skuId, quantity, selected, version, changedAt: at, addedAt: at, position: `${version}000` }),
          before,
          deleted: quantity === 0,
        })),
      },
      Number.MAX_SAFE_INTEGER,
    );
  }

  it('B10: is one line when no quantity changes, and a row per item all the same', async () => {
    const userId = freshUserId();
    const toggles = ['100', '200', '300'].map((version, i) =>
      action(
        userId,
        version,
        'select',
        skuIds.map((skuId) => [skuId, 2, 2, i % 2 === 1]),
      ),
    );
    for (const event of toggles) await writer.apply([event], 'm');
    await writer.apply(toggles, 'again');
    const lines = await linesOf(userId);
    expect(lines.map(({ sku_id, version, selected }) => [sku_id, version, selected])).toEqual([
      ['2000', '100', 0],
      ['2000', '200', 1],
      ['2000', '300', 0],
    ]);
    for (const line of lines) expect(JSON.parse(line.sku_ids!)).toEqual(skuIds);
    const rows = await rowsOf(userId);
    expect(rows).toHaveLength(120);
    expect(rows).toMatchObject(skuIds.map(() => ({ selected_status: 0, version: '300' })));
  });

  it('B10: has a line for each quantity that changes, and one for each choice of the others', async () => {
    const userId = freshUserId();
    await writer.apply(
      [
        action(userId, '100', 'mixed', [
          ['12', 1, 1, true],
          ['7', 1, 1, true],
          ['5', 3, 3, false],
          ['3', 0, 4, true],
          ['4', 2, 0, true],
        ]),
      ],
      'm',
    );
    const lines = await linesOf(userId);
    expect(lines.map(({ sku_id, sku_ids }) => [sku_id, sku_ids && (JSON.parse(sku_ids) as string[])])).toEqual([
      ['3', null],
      ['4', null],
      ['5', null],
      ['7', ['7', '12']],
    ]);
  });
});

describe('an event that cannot be applied', () => {
  it('becomes a dead letter with its reason, once, and its neighbours are written', async () => {
    const userId = freshUserId();
    const messageId = `message-${userId}`;
    const good = history(userId, '1', [1, 2]);
    const broken = { ...good[0], items: 'none', mark: messageId };
    await writer.apply([good[0], broken, good[1]], messageId);
    await writer.apply([good[0], broken, good[1]], messageId);
    expect(await rowsOf(userId)).toMatchObject([{ product_sku_num: 2 }]);
    const letters = await deadLettersOf(messageId);
    expect(letters).toHaveLength(1);
    expect(letters[0]!.reason).toContain('/items');
    expect(JSON.parse(letters[0]!.body.toString())).toEqual(broken);
  });

  it('is found among hundreds when only MySQL can tell that it does not fit', async () => {
    const userId = freshUserId();
    const messageId = `message-${userId}`;
    const events = Array.from({ length: 200 }, (_, i) => history(userId, String(500 + i), [1])[0]!);
    // Whatever the schema of events lets through, a table may have its own rules.
    await database.query(
      `CREATE TRIGGER unfit BEFORE INSERT ON cart FOR EACH ROW IF NEW.user_id = ${userId} AND NEW.product_sku_id = 617
       THEN SIGNAL SQLSTATE '22001' SET MYSQL_ERRNO = 1406, MESSAGE_TEXT = 'does not fit'; END IF`,
    );
    try {
      await writer.apply(events, messageId);
    } finally {
      await database.query('DROP TRIGGER unfit');
    }
    expect(await rowsOf(userId)).toHaveLength(199);
    expect(await deadLettersOf(messageId)).toMatchObject([{ reason: 'does not fit' }]);
  });
});

describe('a removal that could not be applied', () => {
  it('keeps its tombstone: nothing may bring the item back', async () => {
    const userId = freshUserId();
    const removal = history(userId, '618', [1, 0])[1];
    await redis.command(['HSET', `removed:user:${userId}`, '618', `0 1 339 1 1 1 200 ${SNAPSHOT}`]);
    await database.query(
      `CREATE TRIGGER unfit BEFORE INSERT ON cart FOR EACH ROW IF NEW.user_id = ${userId}
       THEN SIGNAL SQLSTATE '23000' SET MYSQL_ERRNO = 4025, MESSAGE_TEXT = 'a check says no'; END IF`,
    );
    try {
      await writer.apply([removal], `message-${userId}`);
    } finally {
      await database.query('DROP TRIGGER unfit');
    }
    expect(await redis.command(['HKEYS', `removed:user:${userId}`])).toEqual(['618']);
  });
});

describe(CartChangedConsumer.name, () => {
  const context = new RocketmqContext([
    {
      id: 'm',
      topic: 't',
      tag: 'cart.changed',
      keys: [],
      body: Buffer.from(''),
      bornAt: new Date(),
      deliveryAttempt: 1,
    },
    undefined,
  ]);

  it('returns only when MySQL has committed', async () => {
    const userId = freshUserId();
    const breaker = new MysqlBreaker(database, new SyncMetrics(new Metrics(), outbox));
    await new CartChangedConsumer(writer, breaker).handle(history(userId, '1', [1]), context);
    expect(await rowsOf(userId)).toHaveLength(1);
  });

  it('fails while MySQL is away, and has the message held until it is back', async () => {
    const away = new Database(createDataSource('mysql://cart@127.0.0.1:1/cart'));
    const metrics = new SyncMetrics(new Metrics(), outbox);
    const writerWithout = new CartChangedWriter(
      away,
      new CartTable(away),
      new ChangeLogTable(away),
      new DeadLetterTable(away),
      feedback,
      metrics,
    );
    // Its own database answers: what fails is the work, which is not held up for ever.
    const consumer = new CartChangedConsumer(writerWithout, new MysqlBreaker(database, metrics));
    for (let failure = 1; failure <= 6; failure++) {
      const delivery = new RocketmqContext(context.getArgs());
      const handled = consumer.handle(history(freshUserId(), '1', [1]), delivery);
      await expect(handled).rejects.toThrow(DatabaseUnavailableError);
      expect(delivery.heldUntil !== undefined).toBe(failure < 6);
      await delivery.heldUntil;
    }
  });
});

describe('a removal that MySQL holds', () => {
  it('loses its tombstone, unless it was removed again since', async () => {
    const userId = freshUserId();
    const tombstones = `removed:user:${userId}`;
    const raw = (version: string) => `0 1 339 1 1 1 ${version} ${SNAPSHOT}`;
    await redis.command(['HSET', tombstones, '1', raw('200'), '2', raw('300')]);
    await writer.apply([history(userId, '1', [1, 0])[1], history(userId, '2', [1, 0])[1]], 'm');
    expect(await redis.command(['HKEYS', tombstones])).toEqual(['2']);
  });
});

describe('a change of an epoch before', () => {
  const lost = 1;

  it('is given back to a cart that was loaded from MySQL before the change came there', async () => {
    const userId = freshUserId();
    const owner = { kind: 'user', id: userId } as const;
    const [added, raised] = history(userId, '1', [1, 5], lost);
    await writer.apply([added], 'm');
    await loader.read(owner);
    await writer.apply([raised], 'm');
    expect(await store.read(owner)).toMatchObject({ badge: { skus: 1, quantity: 5 }, items: [{ quantity: 5 }] });
    const { version, items } = (await store.read(owner))!;
    expect(BigInt(version)).toBeGreaterThan(BigInt(items[0]!.version));
  });

  it('never overrules what came after it: a later change, or a later removal', async () => {
    const userId = freshUserId();
    const owner = { kind: 'user', id: userId } as const;
    await loader.read(owner);
    const skus = [newSku(), newSku()];
    for (const sku of skus) await store.add(owner, toAdd(env, sku, 2), {});
    await store.remove(owner, [skus[1]!.skuId], {});
    await writer.apply(
      skus.flatMap(({ skuId }) => history(userId, skuId, [7], lost)),
      'm',
    );
    expect((await store.read(owner))!.items).toMatchObject([{ skuId: skus[0]!.skuId, quantity: 2 }]);
  });

  it('that removed an item removes it from the loaded cart', async () => {
    const userId = freshUserId();
    const owner = { kind: 'user', id: userId } as const;
    const [added, removed] = history(userId, '1', [3, 0], lost);
    await writer.apply([added], 'm');
    await loader.read(owner);
    await writer.apply([removed], 'm');
    expect(await store.read(owner)).toMatchObject({ badge: { skus: 0, quantity: 0 }, items: [] });
  });

  it('that comes late brings nothing back that was removed, though its tombstone is gone', async () => {
    const userId = freshUserId();
    const owner = { kind: 'user', id: userId } as const;
    const [added, , removed] = history(userId, '1', [3, 4, 0], lost);
    await writer.apply([added, removed], 'm');
    await loader.read(owner);
    await writer.apply([added], 'm');
    expect((await store.read(owner))!.items).toEqual([]);
  });

  it.each([
    { what: 'an add is not lost', quantities: [3, 5], expected: [5] },
    { what: 'a removed item does not come back', quantities: [3, 0], expected: [] },
  ])('overtakes a cold load that has read MySQL before it: $what', async ({ quantities, expected }) => {
    const userId = freshUserId();
    const owner = { kind: 'user', id: userId } as const;
    const [known, late] = history(userId, '1', quantities, lost);
    await writer.apply([known], 'm');
    const slow = heldLoader(store, database);
    const read = slow.loader.read(owner);
    await slow.hasRead;
    await writer.apply([late], 'm');
    slow.goOn();
    expect((await read).items.map(({ quantity }) => quantity)).toEqual(expected);
    expect((await store.read(owner))!.items.map(({ quantity }) => quantity)).toEqual(expected);
  });

  it('of this epoch is not offered: Redis has it', async () => {
    const userId = freshUserId();
    const owner = { kind: 'user', id: userId } as const;
    await loader.read(owner);
    await writer.apply(history(userId, '1', [3], await epochs.current()), 'm');
    expect((await store.read(owner))!.items).toEqual([]);
  });
});
