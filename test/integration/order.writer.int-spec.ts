import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  BuiltInOrderGateway,
  Checkout,
  CheckoutClaim,
  CheckoutTable,
  Deadline,
  OrderLimits,
  OrderParts,
  OrderTable,
  OrderWriter,
  Quotes,
  StoredRefusal,
} from '@app/checkout';
import { AppError, ErrorCode } from '@app/common';
import { CartItem, Database } from '@app/database';
import { Catalogue, InventoryCheck, Limits, SkuTable } from '@app/inventory-check';
import { CouponTable, PromotionTable, UserCouponTable } from '@app/pricing';
import { RedisConnection } from '@app/redis';
import { createDataSource } from '../../ormconfig.js';
import { newItem, newSku } from '../support/factories.js';
import { freshKey } from '../support/checkout.js';
import { newCoupon, newPromotion } from '../support/pricing.js';
import { OwnDatabase } from '../support/own-database.js';
import { freshUserId, services, testEnv } from '../support/services.js';
import { shopperEventParts } from '../support/shopper-events.js';

const env = testEnv();
let own: OwnDatabase;
let database: Database;
let redis: RedisConnection;
let skus: SkuTable;
let checkouts: CheckoutTable;
let orders: OrderTable;
let writer: OrderWriter;

beforeAll(async () => {
  own = await OwnDatabase.create();
  database = new Database(createDataSource(own.url));
  redis = new RedisConnection({ url: `${services().redisUrl}/6` });
  await redis.connect();
  skus = new SkuTable(database);
  const coupons = new UserCouponTable(database);
  const inventory = new InventoryCheck(env, new Limits(env));
  const { events } = shopperEventParts({ database, env, redis });
  const parts = new OrderParts(env, skus, coupons, new Catalogue(redis, skus), new BuiltInOrderGateway(), events);
  checkouts = new CheckoutTable(database);
  orders = new OrderTable(database, env);
  const quotes = new Quotes(
    skus,
    new PromotionTable(database),
    coupons,
    inventory,
    database,
    new OrderLimits(env, database),
  );
  writer = new OrderWriter(database, orders, checkouts, quotes, parts);
});
afterAll(async () => {
  await redis.close();
  await database.onApplicationShutdown();
  await own.drop();
});

async function claim(userId: string, key = freshKey(), hash = 'h'.repeat(43)): Promise<CheckoutClaim> {
  const claimed = await checkouts.claim({ userId, key, hash });
  if (claimed.state !== 'claimed') throw new Error(claimed.state);
  return claimed.claim;
}

/** One unit of a SKU there is one of, in somebody's cart. */
async function itemOf(stock = 1, purchaseLimit: number | null = null): Promise<CartItem> {
  const { version: _, status: __, ...sku } = newSku({ stock, purchaseLimit });
  await skus.upsert([{ ...sku, status: 'on' }]);
  return newItem({ skuId: sku.skuId, quantity: 1 });
}

async function order(
  one: CheckoutClaim,
  items: CartItem[],
  afterOrder?: string,
  more: { quote?: string; couponIds?: string[] } = {},
  deadline = new Deadline(60_000),
) {
  const latest = afterOrder ?? (await orders.standing(one.userId)).latest;
  const { userId } = one;
  const request = {
    userId,
    items,
    couponIds: [],
    declineGifts: [],
    expectedPayable: 1_000_000,
    quote: undefined,
    withheld: { items: [], faults: [] },
    afterOrder: latest,
    ...more,
  };
  return writer.write(one, request, deadline);
}

const silence = (one: CheckoutClaim, seconds: number) =>
  database.query('UPDATE checkout SET claimed_at = claimed_at - INTERVAL ? SECOND WHERE idempotency_key = ?', [
    seconds,
    one.key,
  ]);

const stockOf = async (skuId: string) => (await skus.find([skuId]))[0]!.stock;

describe('a claim of a request', () => {
  it('that was silent is taken over by a repeat, and can commit nothing any more', async () => {
    const [userId, item] = [freshUserId(), await itemOf(5)];
    const lost = await claim(userId);
    await expect(claim(userId, lost.key)).rejects.toThrow('running');
    await silence(lost, 31);
    await expect(claim(userId, lost.key, 'x'.repeat(43))).rejects.toThrow('reused');
    const taken = await claim(userId, lost.key);
    await expect(order(lost, [item])).rejects.toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS' });
    expect(await stockOf(item.skuId)).toBe(5);
    const outcome = await order(taken, [item]);
    expect(outcome).toMatchObject({ order: { status: 'pending' } });
    const repeat = await checkouts.claim({ userId, key: lost.key, hash: lost.hash });
    expect(repeat).toEqual({ state: 'ordered', orderId: 'order' in outcome && outcome.order.orderId });
    await checkouts.release(lost);
    await checkouts.refused(lost, { code: 'NOTHING_SELECTED', details: [], message: '' });
    expect(await checkouts.claim({ userId, key: lost.key, hash: lost.hash })).toEqual(repeat);
  });

  it('that is given back is free at once; what is older than a day is taken out', async () => {
    const [userId, key] = [freshUserId(), freshKey()];
    await checkouts.release(await claim(userId, key));
    const again = await claim(userId, key, 'y'.repeat(43));
    await checkouts.refused(again, { code: 'NOTHING_SELECTED', details: [], message: 'nothing' });
    expect(await checkouts.claim(again)).toMatchObject({ state: 'refused', refusal: { code: 'NOTHING_SELECTED' } });
    await silence(again, 24 * 3600 - 60);
    await checkouts.purge(1_000);
    expect(await checkouts.claim(again)).toMatchObject({ state: 'refused' });
    await silence(again, 61);
    expect(await checkouts.purge(1_000)).toBe(1);
    await claim(userId, key);
  });
});

describe('an attempt that lost its claim while it was paused', () => {
  const WISH = {
    ...{ couponIds: [], declineGifts: [], expectedPayable: 1_000_000 },
    ...{ items: undefined, quote: undefined, ifMatch: undefined },
  };

  /** Submits; when it is about to refuse, the process has been silent, and a repeat elsewhere has come to its end. */
  function submit(userId: string, code: ErrorCode, repeat: (claim: CheckoutClaim) => Promise<unknown>) {
    const attempt = {
      deadline: () => new Deadline(60_000),
      inTurn: <T>(_: Deadline, work: () => Promise<T>) => work(),
      order: async (lost: CheckoutClaim) => {
        await silence(lost, 31);
        await repeat(await claim(userId, lost.key));
        throw new AppError(code);
      },
    };
    const rest = {
      take: () => Promise.resolve(),
      replayed: (_: string, { code, details, message }: StoredRefusal) =>
        Promise.resolve(new AppError(code, details, message, { headers: { 'idempotent-replayed': 'true' } })),
    } as never;
    const checkout = new Checkout(checkouts, orders, attempt as never, rest, rest, rest);
    return checkout.submit({ userId, key: freshKey(), hash: 'h'.repeat(43) }, WISH);
  }

  it.each(['NOTHING_SELECTED', 'CART_BUSY'] as const)('answers the order, not %s', async (code) => {
    const [userId, item] = [freshUserId(), await itemOf()];
    const answer = await submit(userId, code, (taken) => order(taken, [item]));
    expect(answer).toMatchObject({ replayed: true, order: { status: 'pending', lines: [{ skuId: item.skuId }] } });
  });

  it('answers the refusal of the other', async () => {
    const refusal = { code: 'CHECKOUT_REJECTED' as const, details: [], message: 'no' };
    const answer = submit(freshUserId(), 'NOTHING_SELECTED', (taken) => checkouts.refused(taken, refusal));
    await expect(answer).rejects.toMatchObject({
      code: 'CHECKOUT_REJECTED',
      headers: { 'idempotent-replayed': 'true' },
    });
  });

  it.each([
    ['is still running', () => Promise.resolve()],
    ['has given it back', (taken: CheckoutClaim) => checkouts.release(taken)],
  ])('answers IDEMPOTENCY_IN_PROGRESS while the other %s', async (_, repeat) => {
    const answer = submit(freshUserId(), 'NOTHING_SELECTED', repeat);
    await expect(answer).rejects.toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS' });
  });

  it('answers its own refusal when it has kept its claim', async () => {
    const attempt = {
      deadline: () => new Deadline(60_000),
      inTurn: <T>(_: Deadline, work: () => Promise<T>) => work(),
      order: () => Promise.reject(new AppError('NOTHING_SELECTED')),
    };
    const checkout = new Checkout(checkouts, orders, attempt as never, {} as never, {} as never, {} as never);
    const answer = checkout.submit({ userId: freshUserId(), key: freshKey(), hash: 'h'.repeat(43) }, WISH);
    await expect(answer).rejects.toMatchObject({ code: 'NOTHING_SELECTED' });
  });
});

describe('an order', () => {
  it('is not made of a cart that was read before an earlier order of the user', async () => {
    const [userId, item] = [freshUserId(), await itemOf(5)];
    await order(await claim(userId), [item]);
    await database.query("UPDATE orders SET cart_state = 'taken' WHERE user_id = ?", [userId]);
    const later = { ...item, version: `${BigInt(item.version) + 1n}`, quantity: 2 };
    expect(await order(await claim(userId), [later], '0')).toEqual({ unsettled: true });
    expect(await stockOf(item.skuId)).toBe(4);
  });

  it('is not made while the cart still owes an earlier one its items', async () => {
    const [userId, item, other] = [freshUserId(), await itemOf(), await itemOf()];
    await order(await claim(userId), [item]);
    expect(await order(await claim(userId), [other])).toEqual({ unsettled: true });
  });

  it('sells an item of a cart once, also when Redis brings it back as it was', async () => {
    const [userId, item] = [freshUserId(), await itemOf(5)];
    await order(await claim(userId), [item]);
    await database.query("UPDATE orders SET cart_state = 'taken' WHERE user_id = ?", [userId]);
    expect(await order(await claim(userId), [item])).toEqual({ soldBefore: true });
    expect(await stockOf(item.skuId)).toBe(4);
  });

  it('A11: counts no order whose time is over against the purchase limit, though none has swept it up yet', async () => {
    const [userId, item] = [freshUserId(), await itemOf(5, 1)];
    await order(await claim(userId), [item]);
    await database.query("UPDATE orders SET cart_state = 'taken' WHERE user_id = ?", [userId]);
    const again = { ...item, version: `${BigInt(item.version) + 1n}` };
    await expect(order(await claim(userId), [again])).rejects.toMatchObject({
      ...{ code: 'CHECKOUT_REJECTED', details: [{ code: 'QUANTITY_LIMIT', maximum: 1, requested: 2 }] },
    });
    await database.query('UPDATE orders SET expires_at = UTC_TIMESTAMP(3) WHERE user_id = ?', [userId]);
    expect(await order(await claim(userId), [again])).toMatchObject({ order: { status: 'pending' } });
  });

  it('B9: is not made after the deadline of its request: that was answered otherwise', async () => {
    const [userId, item] = [freshUserId(), await itemOf()];
    const late = order(await claim(userId), [item], undefined, {}, new Deadline(0));
    await expect(late).rejects.toMatchObject({ code: 'CART_UNAVAILABLE' });
    expect(await stockOf(item.skuId)).toBe(1);
    expect((await orders.standing(userId)).latest).toBe('0');
  });

  it.each([
    ['ahead', 2],
    ['behind', -2],
  ])('B12: is priced by the clock of its transaction, though that of the process is two hours %s', async (_, hours) => {
    const [userId, item] = [freshUserId(), await itemOf(5)];
    const [from, to] = [-1, 1].map((hour) => Date.now() + hour * 3_600_000);
    const scope = { skuIds: [item.skuId] };
    await new PromotionTable(database).upsert([
      newPromotion({ scope, kind: 'percent_off', percentOff: 5_000, startsAt: from, endsAt: to }),
    ]);
    const coupon = newCoupon({ scope, threshold: 0, amount: 9, startsAt: from, endsAt: to });
    await new CouponTable(database).upsert([coupon]);
    await new UserCouponTable(database).grant(userId, coupon.couponId, 1);
    const now = Date.now();
    vi.spyOn(Date, 'now').mockReturnValue(now + hours * 3_600_000);
    const outcome = await order(await claim(userId), [item], undefined, { couponIds: [coupon.couponId] });
    expect(outcome).toMatchObject({
      order: { totals: { goods: 339, promotionDiscount: 170, couponDiscount: 9, payable: 160 } },
    });
  });

  it('B9: waits for no gift of other carts', async () => {
    const [userId, item, gift] = [freshUserId(), await itemOf(5), await itemOf(5)];
    const terms = { kind: 'full_gift', threshold: 1, gift: { skuId: gift.skuId, quantity: 1 } };
    await new PromotionTable(database).upsert([newPromotion({ ...terms, scope: { skuIds: [gift.skuId] } })]);
    await database.transaction(async (query) => {
      await skus.lock([gift.skuId], query);
      expect(await order(await claim(userId), [item])).toMatchObject({ order: { gifts: [] } });
    });
  });

  it('is refused when the stock is gone, whatever a cache shows', async () => {
    const item = await itemOf(1);
    expect(await order(await claim(freshUserId()), [item])).toMatchObject({ order: {} });
    await expect(order(await claim(freshUserId()), [item])).rejects.toMatchObject({
      code: 'CHECKOUT_REJECTED',
      details: [{ code: 'OUT_OF_STOCK', skuId: item.skuId }],
    });
    expect(await stockOf(item.skuId)).toBe(0);
  });

  it('never takes more than there is, of no SKU of several', async () => {
    const [a, b] = [await itemOf(5), await itemOf(1)];
    const units = new Map([
      [a.skuId, 2],
      [b.skuId, 2],
    ]);
    const taken = database.transaction(async (query) => {
      if (!(await skus.take(units, query))) throw new Error('short');
    });
    await expect(taken).rejects.toThrow('short');
    expect([await stockOf(a.skuId), await stockOf(b.skuId)]).toEqual([5, 1]);
  });

  // MySQL would take both for one in a CASE of texts; MariaDB would not.
  it('takes and gives back each its own, of SKUs whose ids no double tells apart', async () => {
    const [a, b] = ['9223372036854775806', '9223372036854775807'];
    for (const skuId of [a, b]) {
      const { version: _, ...sku } = newSku({ skuId, stock: 9 });
      await skus.upsert([{ ...sku, status: 'on' }]);
    }
    const units = new Map([
      [a, 1],
      [b, 5],
    ]);
    expect(await database.transaction((query) => skus.take(units, query))).toBe(true);
    expect([await stockOf(a), await stockOf(b)]).toEqual([8, 4]);
    await database.transaction((query) => skus.giveBack(units, query));
    expect([await stockOf(a), await stockOf(b)]).toEqual([9, 9]);
  });
});
