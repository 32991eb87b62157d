import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CartItem, CartTable, Database } from '@app/database';
import { CartLoader, CartOwner, CartStore, OrderedItemsStore, ownerKey } from '@app/cart';
import { OrdersInCart, OrderTable } from '@app/checkout';
import { Sku } from '@app/inventory-check';
import { keys, NoopLockService, RedisConnection } from '@app/redis';
import { CartChangedWriter, SyncService } from '@app/sync';
import { createDataSource } from '../../ormconfig.js';
import { newSku, SNAPSHOT, toAdd } from '../support/factories.js';
import { freshUserId, services, testEnv } from '../support/services.js';

const env = testEnv();
// A database of its own in Redis, where no relay reads: what MySQL gets, a sync has written.
const redis = new RedisConnection({ url: `${services().redisUrl}/7` });
const database = new Database(createDataSource(services().databaseUrl));
const table = new CartTable(database);
const carts = new CartStore(redis, env);
const loader = new CartLoader(carts, table, new NoopLockService());
const orders = new OrderTable(database, env);
/** Does along what the orders want done with every change. */
const consumer = { commitAlong: (work: typeof note) => (note = work) };
let note: Parameters<CartChangedWriter['commitAlong']>[0];
const inCart = new OrdersInCart(
  orders,
  new OrderedItemsStore(redis, loader),
  new SyncService(carts, loader, table),
  consumer as unknown as CartChangedWriter,
);

beforeAll(async () => {
  await redis.connect();
  inCart.onModuleInit();
});
afterAll(async () => {
  await redis.close();
  await database.onApplicationShutdown();
});

const add = (owner: CartOwner, sku: Sku, quantity: number) =>
  loader.write(owner, () => carts.add(owner, toAdd(env, sku, quantity), {}));

const itemsOf = async (owner: CartOwner) => (await loader.read(owner)).items;
const quantityOf = async (owner: CartOwner) => (await itemsOf(owner)).map(({ quantity }) => quantity);

/** A user with so many of a SKU, all of them ordered. */
async function orderOf(quantity: number) {
  const owner = { kind: 'user', id: freshUserId() } as const;
  const sku = newSku();
  await add(owner, sku, quantity);
  const [item] = (await itemsOf(owner)) as [CartItem];
  const amounts = { goods: 339, promotionDiscount: 0, couponDiscount: 0, payable: 339 };
  const snapshot = JSON.parse(SNAPSHOT);
  const order = {
    userId: owner.id,
    status: 'pending' as const,
    currency: 'CNY',
    totals: amounts,
    couponIds: [],
    gifts: [],
    lines: [{ skuId: sku.skuId, quantity, price: 339, ...amounts, snapshot, item }],
  };
  const orderId = await database.transaction((query) => orders.insert(order, query));
  return { owner, sku, orderId };
}

const find = async (orderId: string) => (await orders.find(orderId))!;
const take = async (orderId: string) => inCart.finish(await find(orderId), true);
const cancel = (orderId: string) =>
  database.transaction((query) => orders.close(orderId, { status: 'cancelled', isToBeTold: false }, query));
const giveBack = async (orderId: string) => inCart.giveBack(await find(orderId));

const keysOf = ({ id }: CartOwner) => [keys.cart(`user:${id}`), keys.removed(`user:${id}`)];
const forget = (owner: CartOwner, orderId: string) =>
  redis.command(['DEL', ...keysOf(owner), keys.ordered(ownerKey(owner), orderId, 'take')]);

/** Redis as it is now; the answer brings it back to that, as a restart from an old file does. */
async function keep(owner: CartOwner, orderId: string): Promise<() => Promise<void>> {
  const fields = await redis.command<string[]>(['HGETALL', keysOf(owner)[0]!]);
  return async () => {
    await forget(owner, orderId);
    await redis.command(['HSET', keysOf(owner)[0]!, ...fields]);
  };
}

describe('an order that comes to nothing after Redis has lost its data', () => {
  it('gives back what MySQL knows was taken, and takes it no second time', async () => {
    const { owner, sku, orderId } = await orderOf(2);
    await add(owner, sku, 5);
    await take(orderId);
    expect((await find(orderId)).cartState).toBe('taken');
    await forget(owner, orderId);
    await cancel(orderId);
    await giveBack(orderId);
    expect(await quantityOf(owner)).toEqual([7]);
    await giveBack(orderId);
    expect(await quantityOf(owner)).toEqual([7]);
    await inCart.finish(await find(orderId), true);
    expect((await find(orderId)).cartState).toBe('settled');
  });

  it('also when MySQL heard of the taking after the order was closed', async () => {
    const { owner, sku, orderId } = await orderOf(2);
    await add(owner, sku, 5);
    await inCart.take(await find(orderId));
    await cancel(orderId);
    await new SyncService(carts, loader, table).sync(owner.id);
    await note([{ orderId, action: 'order', items: [] } as never], database.query);
    await forget(owner, orderId);
    await giveBack(orderId);
    expect(await quantityOf(owner)).toEqual([7]);
  });

  it.each([
    ['all of an item', 0, [2]],
    ['a part of it', 5, [7]],
  ])('of an old file that has %s still, MySQL’s copy counts', async (_, more, whole) => {
    const { owner, sku, orderId } = await orderOf(2);
    if (more > 0) await add(owner, sku, more);
    const restart = await keep(owner, orderId);
    await take(orderId);
    await restart();
    expect(await quantityOf(owner)).toEqual(whole);
    await cancel(orderId);
    await giveBack(orderId);
    expect(await quantityOf(owner)).toEqual(whole);
  });

  it('of one the cart never gave up, the items are taken first', async () => {
    const { owner, sku, orderId } = await orderOf(2);
    await add(owner, sku, 5);
    await cancel(orderId);
    await giveBack(orderId);
    expect(await quantityOf(owner)).toEqual([7]);
  });
});

it('an order of what was removed meanwhile counts as taken when MySQL’s copy is without it', async () => {
  const { owner, sku, orderId } = await orderOf(2);
  await new SyncService(carts, loader, table).sync(owner.id);
  await carts.remove(owner, [sku.skuId], {});
  await take(orderId);
  expect((await find(orderId)).cartState).toBe('taken');
  expect((await table.load(owner.id)).rows).toEqual([]);
});

it('a record of what was taken outlives the longest time an order may wait to be paid', async () => {
  const { owner, orderId } = await orderOf(1);
  await take(orderId);
  const days = 24 * 60 * 60;
  const seconds = await redis.command<number>(['TTL', keys.ordered(ownerKey(owner), orderId, 'take')]);
  expect(seconds).toBeGreaterThan(40 * days);
});
