import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CartLoader, CartOwner, CartStore, OrderedItem, OrderedItemsStore, ownerKey } from '@app/cart';
import { CartTable, Database, parseOutboxEntry } from '@app/database';
import { keys, NoopLockService, RedisConnection } from '@app/redis';
import { createDataSource } from '../../ormconfig.js';
import { newSku, toAdd } from '../support/factories.js';
import { freshUserId, services, testEnv } from '../support/services.js';

const env = testEnv({ MAX_SKUS: '3' });
// A database of its own in Redis: no service relays from its outbox.
const redis = new RedisConnection({ url: `${services().redisUrl}/5` });
const database = new Database(createDataSource(services().databaseUrl));
const carts = new CartStore(redis, env);
const store = new OrderedItemsStore(redis, new CartLoader(carts, new CartTable(database), new NoopLockService()));

beforeAll(() => redis.connect());
afterAll(async () => {
  await redis.close();
  await database.onApplicationShutdown();
});

const limits = { maxSkus: 3, maximumOf: () => 99 };
let orders = 0;
const freshOrderId = () => `${freshUserId()}${++orders % 10}`;

/** A user with so much of each of new SKUs. */
async function cartOf(...quantities: number[]) {
  const owner: CartOwner = { kind: 'user', id: freshUserId() };
  const skus = quantities.map(() => newSku());
  for (const [i, sku] of skus.entries()) await put(owner, sku, quantities[i]!);
  return { owner, skus, ordered: await all(owner) };
}

/** The cold cart of a user without rows is loaded once. */
async function put(owner: CartOwner, sku: ReturnType<typeof newSku>, quantity: number): Promise<void> {
  const add = await carts.add(owner, toAdd(env, sku, quantity), {});
  if (add.code !== 'NEED_LOAD') return;
  await carts.beginLoad(owner, 'token');
  await carts.restore(owner, { token: 'token', maxVersion: '0', items: [] });
  await put(owner, sku, quantity);
}

async function all(owner: CartOwner): Promise<OrderedItem[]> {
  return (await carts.read(owner))!.items.map((item) => ({ item, quantity: item.quantity }));
}

const quantities = async (owner: CartOwner) =>
  Object.fromEntries((await all(owner)).map(({ item, quantity }) => [item.skuId, quantity]));

async function lastEvent() {
  const [[, fields]] = await redis.command<[[string, string[]]]>(['XREVRANGE', keys.outbox, '+', '-', 'COUNT', '1']);
  return parseOutboxEntry(fields);
}

describe('taking what was ordered', () => {
  it('takes it once, names the order in its event, and cannot be undone', async () => {
    const { owner, skus, ordered } = await cartOf(2, 3);
    const orderId = freshOrderId();
    const { version } = await store.take(owner.id, orderId, ordered);
    expect(await quantities(owner)).toEqual({});
    expect((await carts.read(owner))!).toMatchObject({ version, badge: { skus: 0, quantity: 0 } });
    const event = await lastEvent();
    expect(event).toMatchObject({ version, action: 'order', source: 'order', orderId });
    expect(event.items.map(({ skuId, before, deleted }) => [skuId, before, deleted]).sort()).toEqual(
      [
        [skus[0]!.skuId, 2, true],
        [skus[1]!.skuId, 3, true],
      ].sort(),
    );
    expect(await carts.latestRemoval(owner)).toBeUndefined();

    await put(owner, skus[0]!, 2);
    expect(await store.take(owner.id, orderId, ordered)).toEqual({ version });
    expect(await quantities(owner)).toEqual({ [skus[0]!.skuId]: 2 });
  });

  it('keeps what was added to the item meanwhile', async () => {
    const { owner, skus, ordered } = await cartOf(2);
    await put(owner, skus[0]!, 5);
    await store.take(owner.id, freshOrderId(), ordered);
    expect(await quantities(owner)).toEqual({ [skus[0]!.skuId]: 5 });
    expect((await lastEvent()).items).toMatchObject([{ before: 7, quantity: 5, deleted: false }]);
  });

  it('takes what is left of an item that has become less', async () => {
    const { owner, skus, ordered } = await cartOf(5);
    const rule = { state: 'on', maximum: 99, stock: 99 } as const;
    await carts.update(owner, { skuId: skus[0]!.skuId, rule, change: { mode: 'set', amount: 2 } }, {});
    await store.take(owner.id, freshOrderId(), ordered);
    expect(await quantities(owner)).toEqual({});
  });

  it('leaves an item alone that was removed and added again', async () => {
    const { owner, skus, ordered } = await cartOf(2);
    await carts.remove(owner, [skus[0]!.skuId], {});
    await put(owner, skus[0]!, 1);
    const { version } = await carts.read(owner).then((cart) => cart!);
    expect(await store.take(owner.id, freshOrderId(), ordered)).toEqual({ version: undefined });
    expect(await carts.read(owner)).toMatchObject({ version, items: [{ quantity: 1 }] });
  });
});

describe('taking what the shopper has removed meanwhile', () => {
  const undo = async (owner: CartOwner) => (await carts.undo(owner, await carts.latestRemoval(owner), limits, {})).code;

  it('the removal cannot be undone, and a cancellation brings the item back once', async () => {
    const { owner, skus, ordered } = await cartOf(2);
    await carts.remove(owner, [skus[0]!.skuId], {});
    const { version } = (await carts.read(owner))!;
    const orderId = freshOrderId();
    expect(await store.take(owner.id, orderId, ordered)).toEqual({ version: undefined });
    expect(await undo(owner)).toBe('REFUSED');
    expect(await carts.read(owner)).toMatchObject({ version, items: [] });
    await store.giveBack(owner.id, orderId, ordered);
    expect(await quantities(owner)).toEqual({ [skus[0]!.skuId]: 2 });
  });

  it('also one that an undo has looked at before', async () => {
    const { owner, skus, ordered } = await cartOf(2, 3);
    await carts.clear(owner, {});
    const seen = await carts.latestRemoval(owner);
    await store.take(
      owner.id,
      freshOrderId(),
      ordered.filter(({ item }) => item.skuId === skus[0]!.skuId),
    );
    expect((await carts.undo(owner, seen, limits, {})).code).toBe('OK');
    expect(await quantities(owner)).toEqual({ [skus[1]!.skuId]: 3 });
  });

  it('of more than was ordered the rest comes back', async () => {
    const { owner, skus, ordered } = await cartOf(2);
    await put(owner, skus[0]!, 5);
    await carts.remove(owner, [skus[0]!.skuId], {});
    const orderId = freshOrderId();
    await store.take(owner.id, orderId, ordered);
    await store.take(owner.id, orderId, ordered);
    expect(await undo(owner)).toBe('OK');
    expect(await quantities(owner)).toEqual({ [skus[0]!.skuId]: 5 });
    await store.giveBack(owner.id, orderId, ordered);
    expect(await quantities(owner)).toEqual({ [skus[0]!.skuId]: 7 });
  });

  it('what was added again and removed again is not what was ordered', async () => {
    const { owner, skus, ordered } = await cartOf(2);
    await carts.remove(owner, [skus[0]!.skuId], {});
    await put(owner, skus[0]!, 4);
    await carts.remove(owner, [skus[0]!.skuId], {});
    await store.take(owner.id, freshOrderId(), ordered);
    expect(await undo(owner)).toBe('OK');
    expect(await quantities(owner)).toEqual({ [skus[0]!.skuId]: 4 });
  });
});

describe('returning what was ordered', () => {
  it('brings the items back as they were, once', async () => {
    const { owner, ordered } = await cartOf(2, 3);
    const before = await carts.read(owner);
    const orderId = freshOrderId();
    await store.take(owner.id, orderId, ordered);
    const { version, quantities: back } = await store.giveBack(owner.id, orderId, ordered);
    expect(Object.fromEntries(back)).toEqual(Object.fromEntries(ordered.map((one) => [one.item.skuId, one.quantity])));
    const after = (await carts.read(owner))!;
    expect(after).toMatchObject({ version, badge: before!.badge });
    const lasting = ({ version: _, changedAt: __, ...item }: OrderedItem['item']) => item;
    expect(after.items.map(lasting)).toEqual(before!.items.map(lasting));
    expect(await lastEvent()).toMatchObject({ version, action: 'return', source: 'order', orderId });
    expect(await store.giveBack(owner.id, orderId, ordered)).toEqual({ version, quantities: back });
    expect((await carts.read(owner))!.version).toBe(version);
  });

  it('A8: adds up on what is there, whole, over the limits too', async () => {
    const { owner, skus, ordered } = await cartOf(60, 2, 2);
    const orderId = freshOrderId();
    await store.take(owner.id, orderId, ordered);
    await put(owner, skus[0]!, 50);
    await put(owner, newSku(), 1);
    const { quantities: back } = await store.giveBack(owner.id, orderId, ordered);
    expect(skus.map(({ skuId }) => back.get(skuId))).toEqual([60, 2, 2]);
    expect(await quantities(owner)).toMatchObject({ [skus[0]!.skuId]: 110, [skus[1]!.skuId]: 2, [skus[2]!.skuId]: 2 });
    expect((await carts.read(owner))!.badge).toMatchObject({ skus: 4, quantity: 115 });
  });
});

it('an order of more rows than one event holds is not named: part of it is not the order', async () => {
  const { owner, ordered } = await cartOf(1);
  const many = Array.from({ length: 250 }, (_, i) => newSku({ skuId: String(Number(owner.id) + i) }));
  const roomy = { ...toAdd(env, many[0]!), maxSkus: 1_000 };
  for (const sku of many) await carts.add(owner, { ...roomy, additions: toAdd(env, sku).additions }, {});
  expect(ordered).toHaveLength(1);
  await store.take(owner.id, freshOrderId(), await all(owner));
  expect(await quantities(owner)).toEqual({});
  expect((await lastEvent()).orderId).toBeUndefined();
  expect(await redis.command(['EXISTS', keys.cart(ownerKey(owner))])).toBe(1);
});
