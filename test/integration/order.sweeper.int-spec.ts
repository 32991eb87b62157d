import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  CheckoutTable,
  HttpOrderGateway,
  OrderClosing,
  OrderParts,
  OrderPlacement,
  OrderSweeper,
  OrderTable,
} from '@app/checkout';
import { Database } from '@app/database';
import { Catalogue, SkuTable } from '@app/inventory-check';
import { UserCouponTable } from '@app/pricing';
import { RedisConnection } from '@app/redis';
import { createDataSource } from '../../ormconfig.js';
import { eventually } from '../support/eventually.js';
import { newItem, newSku } from '../support/factories.js';
import { OrderService } from '../support/order-service.js';
import { OwnDatabase } from '../support/own-database.js';
import { freshUserId, services, testEnv } from '../support/services.js';

const env = testEnv();
let own: OwnDatabase;
let database: Database;
let redis: RedisConnection;
let service: OrderService;

// A database of its own: the sweeper looks at all orders.
beforeAll(async () => {
  own = await OwnDatabase.create();
  database = new Database(createDataSource(own.url));
  redis = new RedisConnection({ url: `${services().redisUrl}/6` });
  await redis.connect();
  service = await OrderService.start();
});
afterAll(async () => {
  await service.stop();
  await redis.close();
  await database.onApplicationShutdown();
  await own.drop();
});

function partsOf(gateway: HttpOrderGateway) {
  const skus = new SkuTable(database);
  const orders = new OrderTable(database, env);
  const checkouts = new CheckoutTable(database);
  const parts = new OrderParts(
    env,
    skus,
    new UserCouponTable(database),
    new Catalogue(redis, skus),
    gateway,
    {} as never,
  );
  const placement = new OrderPlacement(database, orders, checkouts, parts, gateway);
  const inCart = { giveBack: () => Promise.resolve(), finish: () => Promise.resolve() } as never;
  const closing = new OrderClosing(database, orders, parts, placement, inCart);
  return {
    skus,
    orders,
    parts,
    placement,
    sweeper: new OrderSweeper(orders, checkouts, closing, inCart, placement, env),
  };
}

type Parts = ReturnType<typeof partsOf>;

/** An order of two units of a SKU there were ten of, that the order service may have taken. */
async function orderOf({ skus, orders, parts }: Parts, status: 'placing' | 'pending') {
  const { version: _, status: __, ...sku } = newSku({ stock: 10 });
  await skus.upsert([{ ...sku, status: 'on' }]);
  const amounts = { goods: 678, promotionDiscount: 0, couponDiscount: 0, payable: 678 };
  const item = newItem({ skuId: sku.skuId, quantity: 2 });
  const line = { skuId: sku.skuId, quantity: 2, price: 339, ...amounts, snapshot: item.snapshot, item };
  const order = {
    userId: freshUserId(),
    status,
    currency: 'CNY',
    totals: amounts,
    couponIds: [],
    gifts: [],
    lines: [line],
  };
  const orderId = await database.transaction(async (query) => {
    await parts.take(order, query);
    return orders.insert(order, query);
  });
  return { orderId, skuId: sku.skuId };
}

const stockOf = async (skuId: string) => {
  const [row] = await database.query<{ stock: number }>('SELECT stock FROM product_sku WHERE sku_id = ?', [skuId]);
  return row!.stock;
};

it('orders nobody paid give their stock back while the order service hangs', async () => {
  const parts = partsOf(new HttpOrderGateway(service.url, 600_000));
  const due = [await orderOf(parts, 'pending'), await orderOf(parts, 'pending'), await orderOf(parts, 'pending')];
  await database.query('UPDATE orders SET expires_at = UTC_TIMESTAMP(3), attempt_at = UTC_TIMESTAMP(3)');
  service.behaviour = 'silent';
  let isOver = false;
  const swept = (async () => {
    // The second look finds that the service is to be told.
    await parts.sweeper.sweep();
    await database.query('UPDATE orders SET attempt_at = UTC_TIMESTAMP(3)');
    await parts.sweeper.sweep();
  })()
    .catch(() => undefined)
    .then(() => (isOver = true));
  await eventually(() => expect(service.calls).toBe(due.length));
  for (const { skuId } of due) expect(await stockOf(skuId)).toBe(10);
  expect(isOver).toBe(false);
  service.hangUp();
  await swept;
});

it('a yes that comes after the order was given up is heard: the service is told once more', async () => {
  const parts = partsOf(new HttpOrderGateway(service.url, 600_000));
  const { orderId, skuId } = await orderOf(parts, 'placing');
  service.behaviour = 'accept';
  const order = (await parts.orders.find(orderId))!;
  await database.transaction((query) => parts.orders.fail(orderId, query));
  await parts.orders.markTold(orderId);
  await expect(parts.placement.place(order)).rejects.toMatchObject({ code: 'CHECKOUT_REJECTED' });
  expect((await parts.orders.find(orderId))!.isToBeTold).toBe(true);
  expect(await stockOf(skuId)).toBe(8);
});
