import { Logger } from '@nestjs/common';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { CartRow, CartTable, Database, fromCents } from '@app/database';
import { SkuTable } from '@app/inventory-check';
import { keys, RedisConnection } from '@app/redis';
import { EventPublisher, RocketmqClient } from '@app/rocketmq';
import { SHOPPER_EVENT_SCHEMAS, type ShopperEvent, SkuSignalTable } from '@app/sync';
import { createDataSource } from '../../ormconfig.js';
import { sharedBroker } from '../support/broker.js';
import { eventually } from '../support/eventually.js';
import { newRow, newSku } from '../support/factories.js';
import { OwnDatabase } from '../support/own-database.js';
import { freshUserId, services, testEnv } from '../support/services.js';
import { shopperEventParts, subscribe } from '../support/shopper-events.js';

// A database of its own: signals, carts and events are looked at as a whole.
const env = testEnv({ PRICE_DROP_PERCENT: '5', ABANDONED_AFTER_HOURS: '1', SHOPPER_EVENTS_DAYS: '30' });
const redis = new RedisConnection({ url: `${services().redisUrl}/6` });
const HOUR = 3_600_000;
let own: OwnDatabase;
let database: Database;
let carts: CartTable;
let skus: SkuTable;
const process = (topic: EventPublisher | null = null) => shopperEventParts({ database, env, redis, topic });

beforeAll(async () => {
  Logger.overrideLogger(false);
  own = await OwnDatabase.create();
  await redis.connect();
  database = new Database(createDataSource(own.url));
  [carts, skus] = [new CartTable(database), new SkuTable(database)];
});
beforeEach(async () => {
  for (const table of ['cart', 'sku_signal', 'shopper_event', 'idle_scan', 'product_sku']) {
    await database.query(`DELETE FROM ${table}`);
  }
  await redis.command(['DEL', keys.active]);
});
afterAll(async () => {
  await redis.close();
  await database.onApplicationShutdown();
  await own.drop();
});

async function newProduct(overrides: Parameters<typeof newSku>[0] = {}): Promise<string> {
  const { version: _version, status: _status, ...sku } = newSku({ price: 10_000, ...overrides });
  await skus.upsert([{ ...sku, status: overrides.status === 'off' ? 'off' : 'on' }]);
  return sku.skuId;
}

/** Puts a SKU into the carts of new users, as the consumer of `cart.changed` does. */
async function holders(skuId: string, count: number, item: Partial<CartRow> = {}): Promise<string[]> {
  const rows = Array.from({ length: count }, () => newRow(freshUserId(), { skuId, addPrice: 10_000, ...item }));
  await carts.upsert(rows);
  return rows.map((row) => row.userId);
}

/** Works off what is there, whatever its age. */
async function settle(one = process(), pageSize?: number): Promise<void> {
  while ((await one.signals.step(0, pageSize)) > 0);
}

const kept = async (): Promise<ShopperEvent[]> =>
  (await database.query<{ body: string }>('SELECT body FROM shopper_event ORDER BY id')).map(
    ({ body }) => JSON.parse(body) as ShopperEvent,
  );
const toldOf = async (type: string) =>
  (await kept()).filter((event) => event.type === type).map(({ userId }) => userId);
const prices = async (userId: string) =>
  (await kept()).flatMap((event) =>
    event.type === 'cart.price_dropped' && event.userId === userId ? event.price : [],
  );
const waiting = async () => (await database.query('SELECT * FROM sku_signal')).length;
const byNumber = (a: string, b: string) => Number(a) - Number(b);

describe('a price that falls', () => {
  it('is told to everybody who holds the SKU, over many pages, and to nobody who removed it', async () => {
    const skuId = await newProduct();
    const users = await holders(skuId, 23);
    await holders(skuId, 9, { deleted: true });
    await holders(await newProduct(), 3);
    await skus.patch(skuId, { price: 8_000 });
    await settle(process(), 5);
    expect((await toldOf('cart.price_dropped')).sort(byNumber)).toEqual(users.sort(byNumber));
    expect(await waiting()).toBe(0);
    const isValid = new Ajv().compile(SHOPPER_EVENT_SCHEMAS['cart.price_dropped']);
    for (const event of await kept()) expect(isValid(event), JSON.stringify(isValid.errors)).toBe(true);
    expect((await kept())[0]).toMatchObject({
      ...{ schema: 1, currency: 'CNY', skuId, quantity: 1, available: true },
      ...{ addPrice: '100.00', knownPrice: '100.00', price: '80.00' },
    });
  });

  it('is worth telling at the threshold and not one cent above it', async () => {
    const [edge, above] = [await newProduct(), await newProduct()];
    const [at] = [await holders(edge, 1), await holders(above, 1)];
    await skus.patch(edge, { price: 9_500 });
    await skus.patch(above, { price: 9_501 });
    await settle();
    expect(await toldOf('cart.price_dropped')).toEqual(at);
  });

  it('is compared with what the shopper knows: small falls add up, and what was told is known', async () => {
    const skuId = await newProduct();
    const [user] = (await holders(skuId, 1)) as [string];
    const [cheap] = (await holders(skuId, 1, { addPrice: 8_000 })) as [string];
    for (const price of [9_700, 9_400, 9_100, 8_900]) {
      await skus.patch(skuId, { price });
      await settle();
    }
    // 94 is 6 % below 100, 91 is 3.2 % below 94, 89 is 5.3 % below it.
    expect(await prices(user)).toEqual(['94.00', '89.00']);
    expect(await prices(cheap)).toEqual([]);
  });

  it('is told once at each price, however often the SKU is changed and the job is run', async () => {
    const skuId = await newProduct();
    const [user] = (await holders(skuId, 1)) as [string];
    for (let round = 0; round < 3; round++) {
      for (const price of [9_000, 9_000, 10_000]) {
        await skus.patch(skuId, { price });
        await Promise.all([settle(), settle()]);
      }
    }
    expect(await prices(user)).toEqual(['90.00']);
    // Also not when it was taken out and put in again, at the old price.
    await carts.upsert([newRow(user, { skuId, addPrice: 10_000, addedAt: Date.now() + 1_000 })]);
    await skus.patch(skuId, { price: 9_000 });
    await settle();
    expect(await prices(user)).toEqual(['90.00']);
    await skus.patch(skuId, { price: 8_999 });
    await settle();
    expect(await prices(user)).toEqual(['90.00', '89.99']);
  });

  it('is told as it is now: several falls at once are one, and one that was taken back is none', async () => {
    const [fallen, back] = [await newProduct(), await newProduct()];
    const [user] = (await holders(fallen, 1)) as [string];
    await holders(back, 1);
    for (const price of [9_000, 8_000, 8_500]) await skus.patch(fallen, { price });
    for (const price of [100, 10_000]) await skus.patch(back, { price });
    expect(await waiting()).toBe(2);
    await settle();
    expect(await prices(user)).toEqual(['85.00']);
    expect(await kept()).toHaveLength(1);
  });

  it('begins again for a further fall while shoppers are being told, also for those who were', async () => {
    const skuId = await newProduct();
    const users = await holders(skuId, 6);
    await skus.patch(skuId, { price: 9_000 });
    const one = process();
    await one.signals.step(0, 2);
    await skus.patch(skuId, { price: 7_000 });
    await settle(one, 2);
    const told = await Promise.all(users.map(prices));
    expect(told.filter((of) => of.join() === '90.00,70.00')).toHaveLength(2);
    expect(told.filter((of) => of.join() === '70.00')).toHaveLength(4);
  });

  it('is not moved past another process’s page, nor past a change it has not seen', async () => {
    // The rows 1 and 2, to which the page moves below, are never those of the holders.
    await holders(await newProduct(), 2);
    const skuId = await newProduct();
    const users = await holders(skuId, 4);
    await skus.patch(skuId, { price: 9_000 });
    const signals = new SkuSignalTable(database);
    const [seen] = await signals.due(0, 1);
    await skus.patch(skuId, { price: 8_000 });
    expect(await signals.move(seen!, undefined, database.query)).toBe(false);
    const [now] = await signals.due(0, 1);
    expect(await signals.move(now!, '1', database.query)).toBe(true);
    expect(await signals.move(now!, '2', database.query)).toBe(false);
    await settle();
    expect((await toldOf('cart.price_dropped')).sort(byNumber)).toEqual(users.sort(byNumber));
  });

  it('is told by many processes at once, each page by one of them', async () => {
    const skuId = await newProduct();
    const users = await holders(skuId, 60);
    await skus.patch(skuId, { price: 5_000 });
    await Promise.all(Array.from({ length: 4 }, () => settle(process(), 7)));
    expect((await toldOf('cart.price_dropped')).sort(byNumber)).toEqual(users.sort(byNumber));
    expect(await waiting()).toBe(0);
  });

  it('leaves word in the transaction of the change, for the catalogue’s list too, and none for what rises', async () => {
    const ids = await Promise.all(Array.from({ length: 3 }, () => newProduct()));
    const inputs = (await skus.find(ids)).map((sku, i) => ({
      ...sku,
      status: 'on' as const,
      price: 9_000 + i * 1_000,
    }));
    await skus.upsert(inputs);
    const signals = await database.query<{ sku_id: string }>('SELECT sku_id FROM sku_signal');
    expect(signals.map((row) => String(row.sku_id))).toEqual([inputs[0]!.skuId]);
    await settle();
    expect(await waiting()).toBe(0);
    expect(await kept()).toEqual([]);
  });

  it('waits until what shoppers did before has come to MySQL', async () => {
    const skuId = await newProduct();
    await holders(skuId, 1);
    await skus.patch(skuId, { price: 1 });
    expect(await process().signals.step(60_000)).toBe(0);
    expect(await process().signals.step(0)).toBe(1);
  });
});

describe('stock that returns', () => {
  const earlier = { addedAt: Date.now() - HOUR };

  it('is told once for each time, to those who had the SKU in their cart before', async () => {
    const skuId = await newProduct({ stock: 0 });
    const users = await holders(skuId, 7, earlier);
    await holders(skuId, 2, { ...earlier, deleted: true });
    await skus.patch(skuId, { stock: 5 });
    const [late] = await holders(skuId, 1, { addedAt: Date.now() + HOUR });
    await settle(process(), 3);
    expect((await toldOf('cart.back_in_stock')).sort(byNumber)).toEqual(users.sort(byNumber));
    expect(await toldOf('cart.back_in_stock')).not.toContain(late);
    const isValid = new Ajv().compile(SHOPPER_EVENT_SCHEMAS['cart.back_in_stock']);
    for (const event of await kept()) expect(isValid(event), JSON.stringify(isValid.errors)).toBe(true);
    // More of it, and another text, is no return.
    await skus.patch(skuId, { stock: 6 });
    await skus.patch(skuId, { name: 'Another name' });
    await settle();
    expect(await kept()).toHaveLength(7);
    await skus.patch(skuId, { stock: 0 });
    await skus.patch(skuId, { stock: 1 });
    await settle();
    expect(await kept()).toHaveLength(14);
  });

  it('is a return to the shelf too, from the catalogue’s list as well, but not without stock', async () => {
    const [off, gone, empty] = [
      await newProduct({ status: 'off' }),
      await newProduct(),
      await newProduct({ status: 'off', stock: 0 }),
    ];
    const users = await Promise.all([off, gone, empty].map((skuId) => holders(skuId, 1, earlier)));
    await skus.patch(off, { status: 'on' });
    await skus.remove(gone);
    const [sku] = await skus.find([gone]);
    await skus.upsert([{ ...sku!, status: 'on' }]);
    await skus.patch(empty, { status: 'on' });
    await settle();
    expect((await toldOf('cart.back_in_stock')).sort(byNumber)).toEqual([users[0]![0]!, users[1]![0]!].sort(byNumber));
  });

  it('is not told when it is sold out again before anybody was', async () => {
    const skuId = await newProduct({ stock: 0 });
    await holders(skuId, 1, earlier);
    await skus.patch(skuId, { stock: 1 });
    await skus.patch(skuId, { stock: 0 });
    await settle();
    expect([await kept(), await waiting()]).toEqual([[], 0]);
  });
});

describe('a cart that was left', () => {
  const leftAt = (hours: number) => ({ changedAt: Date.now() - hours * HOUR });

  it('is told once for each time it was left, with what is in it', async () => {
    const userId = freshUserId();
    const rows = [
      newRow(userId, { ...leftAt(3), quantity: 2, addPrice: 150, position: '1000' }),
      newRow(userId, { ...leftAt(2), quantity: 3, addPrice: 1_000, position: '2000' }),
      newRow(userId, { ...leftAt(2.5), deleted: true, quantity: 0 }),
    ];
    await carts.upsert(rows);
    const one = process();
    await one.abandoned.look();
    const [event] = await kept();
    expect(event).toMatchObject({ type: 'cart.abandoned', userId, skuCount: 2, quantity: 5, subtotal: '33.00' });
    expect(event).toMatchObject({
      lastChangedAt: new Date(rows[1]!.changedAt).toISOString(),
      items: [rows[1]!, rows[0]!].map(({ skuId, quantity, addPrice }) => ({
        skuId,
        quantity,
        addPrice: fromCents(addPrice),
      })),
    });
    const isValid = new Ajv().compile(SHOPPER_EVENT_SCHEMAS['cart.abandoned']);
    expect(isValid(event), JSON.stringify(isValid.errors)).toBe(true);
    await database.query('DELETE FROM idle_scan');
    await Promise.all([one.abandoned.look(), process().abandoned.look()]);
    expect(await kept()).toHaveLength(1);
    // A later change, and left again.
    const later = { ...rows[0]!, ...leftAt(1.5), version: `${rows[0]!.version}9`, deleted: true, quantity: 0 };
    await carts.upsert([later]);
    await database.query('DELETE FROM idle_scan');
    await one.abandoned.look();
    expect((await kept()).map((each) => each.type === 'cart.abandoned' && each.skuCount)).toEqual([2, 1]);
  });

  it('is none that is empty, was changed within the hour, in Redis or in MySQL, or was left long ago', async () => {
    await holders(await newProduct(), 1, { ...leftAt(2), deleted: true });
    await holders(await newProduct(), 1, leftAt(0.9));
    await holders(await newProduct(), 1, leftAt(40));
    const [active] = await holders(await newProduct(), 1, leftAt(2));
    const removing = freshUserId();
    await carts.upsert([newRow(removing, leftAt(2)), newRow(removing, { ...leftAt(0.5), deleted: true })]);
    await redis.command(['ZADD', keys.active, String(Date.now()), active!]);
    const [left] = await holders(await newProduct(), 1, leftAt(2));
    await process().abandoned.look();
    expect(await toldOf('cart.abandoned')).toEqual([left]);
  });

  it('is found over many pages, and only what was left since the last look', async () => {
    const at = Date.now() - 2 * HOUR;
    const rows = Array.from({ length: 450 }, (_, i) => newRow(freshUserId(), { changedAt: at + (i % 3) }));
    await carts.upsert(rows);
    const one = process();
    await one.abandoned.look();
    expect(new Set(await toldOf('cart.abandoned')).size).toBe(450);
    await holders(await newProduct(), 1, leftAt(2));
    await one.abandoned.look(undefined, 0);
    expect(await kept()).toHaveLength(450);
    // Late, by no more than a look looks back.
    await holders(await newProduct(), 1, leftAt(1.1));
    await one.abandoned.look(undefined, 0);
    expect(await kept()).toHaveLength(451);
  });
});

describe('an order that was paid', () => {
  const conversion = () => ({
    ...{ userId: freshUserId(), orderId: '77', total: 1_234 },
    items: [{ skuId: '5', quantity: 2, price: 617 }],
  });

  it('is told once, and only when the caller’s transaction commits', async () => {
    const { events } = process();
    const failing = database.transaction(async (query) => {
      await events.converted([conversion()], query);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await kept()).toEqual([]);
    const one = conversion();
    for (let i = 0; i < 2; i++) await database.transaction((query) => events.converted([one], query));
    const [event, ...more] = await kept();
    expect(more).toEqual([]);
    expect(event).toMatchObject({ type: 'cart.converted', orderId: '77', quantity: 2, total: '12.34' });
    const isValid = new Ajv().compile(SHOPPER_EVENT_SCHEMAS['cart.converted']);
    expect(isValid(event), JSON.stringify(isValid.errors)).toBe(true);
  });
});

describe('on the topic', () => {
  const broker = sharedBroker();

  async function newTopic() {
    const [topic, group] = [await broker.newTopic(), await broker.newGroup()];
    const client = new RocketmqClient({ endpoints: broker.endpoints, topic });
    onTestFinished(() => client.close());
    await client.connect();
    const subscriber = await subscribe(broker.endpoints, topic, group);
    onTestFinished(() => subscriber.close());
    const publisher = {
      status: client.health,
      publish: (pattern: string, events: readonly unknown[]) => client.emitMany(pattern, events),
    };
    return { topic, publisher, received: subscriber.received };
  }

  it('a subscriber gets each event once, of every type, though it is worked off twice', async () => {
    const { publisher, received, topic } = await newTopic();
    const [cheaper, back] = [await newProduct(), await newProduct({ stock: 0 })];
    const users = await holders(cheaper, 450, { addedAt: Date.now() - HOUR });
    const waiters = await holders(back, 3, { addedAt: Date.now() - HOUR, changedAt: Date.now() - 2 * HOUR });
    await skus.patch(cheaper, { price: 8_000 });
    await skus.patch(back, { stock: 2 });
    const [one, two] = [process(publisher), process(publisher)];
    await Promise.all([settle(one, 100), settle(two, 100)]);
    await one.abandoned.look();
    const buyer = freshUserId();
    const items = [{ skuId: '5', quantity: 1, price: 1 }];
    await one.events.converted([{ userId: buyer, orderId: '9', total: 1, items }], database.query);
    while ((await one.publisher.step()) > 0);
    expect(await two.publisher.step()).toBe(0);
    expect(await one.table.backlog()).toEqual({ depth: 0, oldestAgeMs: 0 });
    await eventually(() => expect(received).toHaveLength(450 + 3 + 3 + 1), { timeoutMs: 45_000 });
    expect(new Set(received.map(({ id }) => id)).size).toBe(received.length);
    const of = (type: string) => received.filter((event) => event.type === type).map(({ userId }) => userId);
    expect(of('cart.price_dropped').sort(byNumber)).toEqual(users.sort(byNumber));
    expect(of('cart.back_in_stock').sort(byNumber)).toEqual(waiters.sort(byNumber));
    expect(of('cart.abandoned').sort(byNumber)).toEqual(waiters.sort(byNumber));
    expect(of('cart.converted')).toEqual([buyer]);
    // Many in one message.
    expect(await broker.messageCount(topic)).toBeLessThan(10);
  });

  it('what the broker did not take stays, and goes out later; nothing is marked before the receipt', async () => {
    const skuId = await newProduct();
    await holders(skuId, 2);
    await skus.patch(skuId, { price: 8_000 });
    await settle();
    const away = {
      status: { state: 'down' as const, since: new Date() },
      publish: () => Promise.reject(new Error('no receipt')),
    };
    const one = process(away);
    await expect(one.publisher.step()).rejects.toThrow('no receipt');
    expect((await one.table.backlog()).depth).toBe(2);
    expect(await one.metrics.registry.metrics()).toMatch(/^cart_shopper_events_unsent 2$/m);
    const { publisher, received } = await newTopic();
    expect(await process(publisher).publisher.step()).toBe(2);
    await eventually(() => expect(received).toHaveLength(2), { timeoutMs: 45_000 });
  });
});

describe('the table of events', () => {
  it('keeps what is unsent for ever, and what was sent for so many days', async () => {
    const skuId = await newProduct();
    await holders(skuId, 3);
    await skus.patch(skuId, { price: 8_000 });
    await settle();
    const ids = await database.query<{ id: string }>('SELECT id FROM shopper_event ORDER BY id');
    await database.query('UPDATE shopper_event SET created_at = UTC_TIMESTAMP(3) - INTERVAL 31 DAY');
    await database.query('UPDATE shopper_event SET sent_at = created_at WHERE id = ?', [ids[0]!.id]);
    await database.query('UPDATE shopper_event SET sent_at = UTC_TIMESTAMP(3) WHERE id = ?', [ids[1]!.id]);
    const topic = {
      status: { state: 'down' as const, since: new Date() },
      publish: () => Promise.reject(new Error('not asked')),
    };
    expect(await process(topic).retention.purge()).toBe(1);
    expect(await kept()).toHaveLength(2);
    // Without a broker they would only grow.
    expect(await process(null).retention.purge()).toBe(1);
    expect(await kept()).toHaveLength(1);
  });
});
