import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Database, DatabaseUnavailableError } from '@app/database';
import { Catalogue, SkuTable } from '@app/inventory-check';
import { CouponTable, PricingService, Promotions, PromotionTable, ShopClock, UserCouponTable } from '@app/pricing';
import { RedisConnection } from '@app/redis';
import { createDataSource } from '../../ormconfig.js';
import { eventually, withinTries } from '../support/eventually.js';
import { newSku } from '../support/factories.js';
import { OwnDatabase } from '../support/own-database.js';
import { freshCode, newCoupon, newPromotion } from '../support/pricing.js';
import { freshSkuId, freshUserId, services } from '../support/services.js';

let own: OwnDatabase;
let database: Database;
const redis = new RedisConnection({ url: services().redisUrl });

beforeAll(async () => {
  own = await OwnDatabase.create();
  database = new Database(createDataSource(own.url));
  await redis.connect();
});
afterAll(async () => {
  await redis.close();
  await database.onApplicationShutdown();
  await own.drop();
});

/** A process of its own: it shares the servers with the others and nothing else. */
function newProcess() {
  const table = new PromotionTable(database);
  const owned = new UserCouponTable(database);
  const catalogue = new Catalogue(redis, new SkuTable(database));
  return {
    table,
    owned,
    catalogue,
    service: new PricingService(new Promotions(), table, owned, catalogue, new ShopClock()),
  };
}

/** One item of 100.00 of a shop of its own, with a promotion of that shop that takes 10.00 off. */
function newCase() {
  const shopId = freshSkuId();
  const lines = [{ skuId: freshSkuId(), shopId, quantity: 1, price: 10_000 }];
  const promotion = newPromotion({ scope: { shopId }, tiers: [{ threshold: 10_000, discount: 1_000 }] });
  return { shopId, lines, promotion };
}

const away = () => Promise.reject(new DatabaseUnavailableError(new Error('away')));

describe(PricingService.name, () => {
  it('prices with a promotion at once here and within a second elsewhere', async () => {
    const [here, there] = [newProcess(), newProcess()];
    const { lines, promotion } = newCase();
    await there.service.onModuleInit();
    await here.service.upsert([promotion]);
    expect((await here.service.quote(lines)).totals.payable).toBe(9_000);
    // A second, at 50 ms each, and what a look at MySQL takes.
    await withinTries(30, async () => expect((await there.service.quote(lines)).totals.payable).toBe(9_000));
    await here.service.upsert([{ ...promotion, status: 'off' }]);
    expect((await here.service.quote(lines)).totals.payable).toBe(10_000);
    there.service.beforeApplicationShutdown();
  });

  it('goes on with what it knows while MySQL is away; a process that has seen none prices without', async () => {
    const [here, fresh] = [newProcess(), newProcess()];
    const { lines, promotion } = newCase();
    await here.service.upsert([promotion]);
    vi.spyOn(here.table, 'active').mockImplementation(away);
    const active = vi.spyOn(fresh.table, 'active').mockImplementation(away);
    await Promise.all([here.service.onModuleInit(), fresh.service.onModuleInit()]);
    expect((await here.service.quote(lines)).totals.payable).toBe(9_000);
    expect((await fresh.service.quote(lines)).totals.payable).toBe(10_000);
    active.mockRestore();
    await eventually(async () => expect((await fresh.service.quote(lines)).totals.payable).toBe(9_000));
    for (const { service } of [here, fresh]) service.beforeApplicationShutdown();
  });

  it('shows a cart without a gift that cannot be looked up', async () => {
    const here = newProcess();
    const { shopId, lines } = newCase();
    const gift = newSku();
    await here.catalogue.upsert([{ ...gift, status: 'on' }]);
    const terms = { scope: { shopId }, kind: 'full_gift', threshold: 100, gift: { skuId: gift.skuId, quantity: 1 } };
    const promotion = newPromotion({ ...terms, tiers: undefined, repeat: undefined });
    await here.service.upsert([promotion]);
    const given = [{ promotionId: promotion.promotionId, skuId: gift.skuId, quantity: 1 }];
    expect((await here.service.quote(lines)).gifts).toEqual(given);
    expect((await here.service.quote(lines, { fromTable: true })).gifts).toEqual(given);
    vi.spyOn(here.catalogue, 'lookUp').mockImplementation(away);
    expect((await here.service.quote(lines)).gifts).toEqual([]);
  });

  it('asks MySQL for coupons only when some are wanted, and best is none while it is away', async () => {
    const here = newProcess();
    const [userId, coupon, { lines }] = [freshUserId(), newCoupon(), newCase()];
    await new CouponTable(database).upsert([coupon]);
    await here.owned.grant(userId, coupon.couponId, 1);
    const owned = vi.spyOn(here.owned, 'owned');
    await here.service.quote(lines, { userId });
    expect(owned).not.toHaveBeenCalled();
    expect((await here.service.quote(lines, { userId, coupons: 'best' })).totals.couponDiscount).toBe(500);
    owned.mockImplementation(away);
    expect((await here.service.quote(lines, { userId, coupons: 'best' })).totals.couponDiscount).toBe(0);
    const named = { userId, coupons: [coupon.couponId] };
    await expect(here.service.quote(lines, named)).rejects.toThrow(DatabaseUnavailableError);
    expect((await here.service.quote(lines, { ...named, lenient: true })).totals.couponDiscount).toBe(0);
  });

  it('counts unselected lines for nothing, and shows what they would join', async () => {
    const here = newProcess();
    const { shopId, lines, promotion } = newCase();
    const offer = { scope: { shopId }, kind: 'percent_off', percentOff: 1_500 };
    const percent = newPromotion({ ...offer, promotionId: freshCode('z'), tiers: undefined, repeat: undefined });
    const two = { ...promotion, tiers: [{ threshold: 20_000, discount: 1_000 }] };
    await here.service.upsert([two, percent]);
    const [line] = lines;
    const unselected = [{ ...line!, skuId: freshSkuId(), price: 99_000 }];
    const quote = await here.service.quote(lines, { unselected });
    expect(quote.totals).toEqual({ goods: 10_000, promotionDiscount: 1_500, couponDiscount: 0, payable: 8_500 });
    expect(quote.items).toHaveLength(1);
    const both = [line!.skuId, unselected[0]!.skuId];
    expect(quote.promotions).toEqual(
      expect.arrayContaining([
        { promotion: two, skuIds: both, shares: [0, 0], reached: false, gap: 11_500, discount: 0 },
        { promotion: percent, skuIds: both, shares: [1_500, 0], reached: true, gap: null, discount: 1_500 },
      ]),
    );
    const none = await here.service.quote([], { unselected });
    expect(none.totals.payable).toBe(0);
    expect(none.promotions).toEqual(
      expect.arrayContaining([
        { promotion: two, skuIds: [both[1]], shares: [0], reached: false, gap: 20_000, discount: 0 },
        { promotion: percent, skuIds: [both[1]], shares: [0], reached: false, gap: null, discount: 0 },
      ]),
    );
  });
});
