import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Database } from '@app/database';
import { CouponTable, PromotionTable, UserCouponTable } from '@app/pricing';
import { createDataSource } from '../../ormconfig.js';
import { OwnDatabase } from '../support/own-database.js';
import { anyCoupon, anyPromotion, freshCode, newCoupon, newPromotion } from '../support/pricing.js';
import { freshUserId } from '../support/services.js';

let own: OwnDatabase;
let database: Database;
let promotions: PromotionTable;
let coupons: CouponTable;
let owned: UserCouponTable;

beforeAll(async () => {
  own = await OwnDatabase.create();
  database = new Database(createDataSource(own.url));
  promotions = new PromotionTable(database);
  coupons = new CouponTable(database);
  owned = new UserCouponTable(database);
});
afterAll(async () => {
  await database.onApplicationShutdown();
  await own.drop();
});

const HOUR = 3_600_000;
const ids = (list: { promotionId?: string; couponId?: string }[]) => list.map((one) => one.promotionId ?? one.couponId);

describe(PromotionTable.name, () => {
  it('keeps every fact of a promotion, and the last one of an id', async () => {
    await promotions.upsert([]);
    await fc.assert(
      fc.asyncProperty(anyPromotion, anyPromotion, async (first, second) => {
        await promotions.upsert([first]);
        await promotions.upsert([{ ...second, promotionId: first.promotionId }]);
        const [found] = (await promotions.page('', 10_000)).filter((one) => one.promotionId === first.promotionId);
        expect(found).toEqual({ ...second, promotionId: first.promotionId });
      }),
      { numRuns: 30 },
    );
    await database.query('DELETE FROM promotion');
  });

  it('has for active those that are on and not over, the coming ones too', async () => {
    const now = Date.now();
    const [open, coming, running, over, off] = ['a', 'b', 'c', 'd', 'e'];
    await promotions.upsert([
      newPromotion({ promotionId: off, status: 'off' }),
      newPromotion({ promotionId: over, endsAt: now - HOUR }),
      newPromotion({ promotionId: running, startsAt: now - HOUR, endsAt: now + HOUR }),
      newPromotion({ promotionId: coming, startsAt: now + HOUR }),
      newPromotion({ promotionId: open }),
    ]);
    expect(ids(await promotions.active())).toEqual([open, coming, running]);
    expect(ids(await promotions.page('b', 2))).toEqual([running, over]);
  });

  it('leaves out a row that makes no sense', async () => {
    vi.spyOn(Logger.prototype, 'error').mockReturnValue();
    const [good, bad] = [newPromotion({ promotionId: 'y' }), newPromotion({ promotionId: 'z' })];
    await promotions.upsert([good, bad]);
    await database.query(`UPDATE promotion SET terms = '{"tiers":7}' WHERE promotion_id = 'z'`);
    const active = ids(await promotions.active());
    expect(active).toContain('y');
    expect(active).not.toContain('z');
  });
});

describe(CouponTable.name, () => {
  it('keeps every fact of a coupon, and the last one of an id', async () => {
    await coupons.upsert([]);
    await fc.assert(
      fc.asyncProperty(anyCoupon, anyCoupon, async (first, second) => {
        await coupons.upsert([first]);
        await coupons.upsert([{ ...second, couponId: first.couponId }]);
        expect(await coupons.find(first.couponId)).toEqual({ ...second, couponId: first.couponId });
      }),
      { numRuns: 30 },
    );
    await database.query('DELETE FROM coupon');
  });

  it('has for active those that are on and not over, the coming ones too', async () => {
    const now = Date.now();
    await coupons.upsert([
      newCoupon({ couponId: 'd', status: 'off' }),
      newCoupon({ couponId: 'c', endsAt: now - HOUR }),
      newCoupon({ couponId: 'b', startsAt: now + HOUR }),
      newCoupon({ couponId: 'a' }),
    ]);
    expect(ids(await coupons.active())).toEqual(['a', 'b']);
    expect(ids(await coupons.page('a', 2))).toEqual(['b', 'c']);
    expect(await coupons.find('none')).toBeUndefined();
  });
});

describe(UserCouponTable.name, () => {
  async function coupon(overrides: Record<string, unknown> = {}): Promise<string> {
    const one = newCoupon(overrides);
    await coupons.upsert([one]);
    return one.couponId;
  }
  /** granted and used of each, as the user has them. */
  const counts = async (userId: string) =>
    Object.fromEntries((await owned.owned(userId)).map(({ couponId, granted, used }) => [couponId, [granted, used]]));
  const use = (userId: string, couponIds: string[]) =>
    database.transaction(async (query) => {
      if (!(await owned.use(userId, couponIds, query))) throw new Error('none left');
    });

  it('shows what a user has, with its terms as they are now, also what is off, over or used', async () => {
    const userId = freshUserId();
    const [a, b] = [await coupon(), await coupon({ status: 'off', endsAt: 5 })];
    expect(await owned.owned(userId)).toEqual([]);
    expect([await owned.grant(userId, a, 2), await owned.grant(userId, b, 1)]).toEqual([2, 1]);
    await coupons.upsert([newCoupon({ couponId: a, amount: 700 })]);
    await use(userId, [a]);
    const found = await owned.owned(userId);
    expect(found).toHaveLength(2);
    expect(found).toContainEqual({ ...newCoupon({ couponId: a, amount: 700 }), granted: 2, used: 1 });
    expect(ids(found)).toEqual(ids(found).sort());
  });

  it('grants add up, and there is no grant of a coupon that is none', async () => {
    const [userId, a] = [freshUserId(), await coupon()];
    await Promise.all(Array.from({ length: 10 }, () => owned.grant(userId, a, 3)));
    expect(await counts(userId)).toEqual({ [a]: [30, 0] });
    expect(await owned.grant(userId, a, 2_147_483_647)).toBe(2_147_483_647);
    expect(await owned.grant(userId, 'none', 1)).toBeUndefined();
    expect(await owned.grant(userId, 'none', 1, { key: freshCode('k'), hash: 'h' })).toBeUndefined();
  });

  it('grants once for one request, however often it comes and whoever dies in between', async () => {
    const [userId, a, b] = [freshUserId(), await coupon(), await coupon()];
    const request = { key: freshCode('key'), hash: 'h'.repeat(43) };
    const answers = await Promise.all(Array.from({ length: 10 }, () => owned.grant(userId, a, 3, request)));
    expect(answers).toEqual(Array(10).fill(3));
    await owned.grant(userId, a, 1);
    expect(await owned.grant(userId, a, 3, request)).toBe(3);
    const reused = owned.grant(userId, b, 3, { ...request, hash: 'i'.repeat(43) });
    await expect(reused).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(await counts(userId)).toEqual({ [a]: [4, 0] });
    await owned.purgeGrants(10);
    expect(await owned.grant(userId, a, 3, request)).toBe(3);
    await database.query('UPDATE coupon_grant SET create_time = create_time - INTERVAL 3 DAY');
    await owned.purgeGrants(10);
    expect(await database.query('SELECT 1 FROM coupon_grant')).toEqual([]);
  });

  it('a key is good for another grant after a day, as everywhere', async () => {
    const [userId, a] = [freshUserId(), await coupon()];
    const request = { key: freshCode('key'), hash: 'h'.repeat(43) };
    await owned.grant(userId, a, 3, request);
    const later = (hours: number) =>
      database.query('UPDATE coupon_grant SET create_time = create_time - INTERVAL ? HOUR WHERE request_key = ?', [
        hours,
        request.key,
      ]);
    await later(23);
    expect(await owned.grant(userId, a, 3, request)).toBe(3);
    await later(2);
    const another = { ...request, hash: 'i'.repeat(43) };
    const answers = await Promise.all(Array.from({ length: 5 }, () => owned.grant(userId, a, 2, another)));
    expect(answers).toEqual(Array(5).fill(5));
    await expect(owned.grant(userId, a, 3, request)).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(await counts(userId)).toEqual({ [a]: [5, 0] });
  });

  it('is claimed once by 20 at the same time, beside what was granted', async () => {
    const [userId, a, granted] = [freshUserId(), await coupon(), await coupon()];
    await owned.grant(userId, granted, 2);
    const both = Array.from({ length: 20 }, () => [owned.claim(userId, a), owned.claim(userId, granted)]).flat();
    expect(new Set(await Promise.all(both))).toEqual(new Set([true]));
    expect(await counts(userId)).toEqual({ [a]: [1, 0], [granted]: [3, 0] });
    expect(await owned.claimed(userId, [a, granted, 'none'])).toEqual(new Set([a, granted]));
    expect(await owned.claimed(freshUserId(), [a])).toEqual(new Set());
  });

  it('cannot be claimed when it is no active coupon; a claim made before stays one', async () => {
    const userId = freshUserId();
    const [off, over, coming] = [
      await coupon({ status: 'off' }),
      await coupon({ endsAt: Date.now() - HOUR }),
      await coupon({ startsAt: Date.now() + HOUR }),
    ];
    expect(await Promise.all([off, over, 'none'].map((id) => owned.claim(userId, id)))).toEqual([false, false, false]);
    expect(await owned.claim(userId, coming)).toBe(true);
    await coupons.upsert([newCoupon({ couponId: coming, status: 'off' })]);
    expect(await owned.claim(userId, coming)).toBe(true);
    expect(await counts(userId)).toEqual({ [coming]: [1, 0] });
  });

  it('is used as often as it was granted by 20 orders at once, and given back', async () => {
    const [userId, a, b] = [freshUserId(), await coupon(), await coupon()];
    await owned.grant(userId, a, 3);
    await owned.grant(userId, b, 100);
    const orders = await Promise.allSettled(Array.from({ length: 20 }, () => use(userId, [a, b])));
    expect(orders.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(await counts(userId)).toEqual({ [a]: [3, 3], [b]: [100, 3] });
    await database.transaction((query) => owned.giveBack(userId, [a, b], query));
    expect(await counts(userId)).toEqual({ [a]: [3, 2], [b]: [100, 2] });
    await database.transaction(async (query) => {
      for (let i = 0; i < 5; i++) await owned.giveBack(userId, [a], query);
      await owned.giveBack(userId, [], query);
    });
    expect(await counts(userId)).toEqual({ [a]: [3, 0], [b]: [100, 2] });
  });

  it('is not used twice in one order, nor by who has none', async () => {
    const [userId, a] = [freshUserId(), await coupon()];
    await owned.grant(userId, a, 5);
    await expect(use(userId, [a, a])).rejects.toThrow('none left');
    await expect(use(userId, [a, 'none'])).rejects.toThrow('none left');
    await expect(use(freshUserId(), [a])).rejects.toThrow('none left');
    await use(userId, []);
    expect(await counts(userId)).toEqual({ [a]: [5, 0] });
  });
});
