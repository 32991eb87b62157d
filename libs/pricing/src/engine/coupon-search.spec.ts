import { describe, expect, it } from 'vitest';
import { bestCoupons } from './best-coupons.js';
import type { OwnedCoupon } from './coupon.js';
import { search } from './coupon-search.js';
import { promote } from './promote.js';
import type { Scope } from './promotion.js';

const NOW = 1_000;
const SHOPS = 12;

describe(search.name, () => {
  // 12 shops with 10 coupons each are 11^12 sets; the threshold of the platform's coupon lies in the middle of them.
  it.each([1, 2])('is exact for a shopper with 300 coupons (%i)', { timeout: 120_000 }, (seed) => {
    const next = random(seed);
    const lines = [...Array(SHOPS).keys()].map((shop) => ({
      skuId: String(shop + 1),
      shopId: String(shop + 1),
      quantity: 1,
      price: 5_000 + next(20_000),
    }));
    const ofShops = lines.flatMap(({ shopId }) =>
      [...Array(10).keys()].map((n) => fixed(`s${shopId}-${n}`, { shopId }, 0, 1 + next(3_000))),
    );
    const total = lines.reduce((all, { price }) => all + price, 0);
    const ofPlatform = [...Array(180).keys()].map((n) =>
      fixed(`w${n}`, { platform: true }, total - 8_000 - next(8_000), 10_000),
    );
    const quote = promote({ lines, promotions: [], now: NOW });
    const { discount } = bestCoupons(quote, [...ofShops, ...ofPlatform], NOW);
    expect(discount).toBe(byCents(ofShops, ofPlatform, total));
  });
});

/** All sums the shops' coupons can come to, cent by cent; for each of the platform's the largest that leaves enough. */
function byCents(ofShops: OwnedCoupon[], ofPlatform: OwnedCoupon[], total: number): number {
  const amountOf = (coupon: OwnedCoupon) => (coupon.kind === 'fixed' ? coupon.amount : 0);
  let sums = new Uint8Array(total + 1);
  sums[0] = 1;
  for (let shop = 1; shop <= SHOPS; shop++) {
    const after = sums.slice();
    for (const coupon of ofShops.filter(({ couponId }) => couponId.startsWith(`s${shop}-`))) {
      for (let cents = 0; cents + amountOf(coupon) <= total; cents++)
        if (sums[cents]) after[cents + amountOf(coupon)] = 1;
    }
    sums = after;
  }
  let best = sums.lastIndexOf(1);
  for (const coupon of ofPlatform) {
    const taken = sums.lastIndexOf(1, total - coupon.threshold);
    best = Math.max(best, taken + amountOf(coupon));
  }
  return best;
}

function fixed(couponId: string, scope: Scope, threshold: number, amount: number): OwnedCoupon {
  const terms = { label: '', startsAt: null, endsAt: null, status: 'on', granted: 1, used: 0 } as const;
  return { ...terms, couponId, kind: 'fixed', scope, threshold, amount };
}

/** The same numbers on every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}
