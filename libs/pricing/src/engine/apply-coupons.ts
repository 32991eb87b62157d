import { compareIds, compareText } from './arithmetic.js';
import type { Coupon, CouponProblem, CouponVerdict, OwnedCoupon } from './coupon.js';
import { CouponOffer, offerOf, placeOf, PLATFORM } from './coupon-offer.js';
import { totalsOf } from './promote.js';
import type { Quote } from './quote.js';

type Placed<C> = { coupon: C; offer: CouponOffer };

/**
 * Step 4 of pricing: one coupon of each shop, then one of the platform, on what is left. Those in the quote before are
 * replaced. Of two for one place the better stays (among equals the lower id), and the other is a problem; so the order
 * in which they are given means nothing.
 */
export function applyCoupons(
  quote: Quote,
  coupons: readonly (Coupon | OwnedCoupon)[],
  now: number,
): { quote: Quote; problems: CouponProblem[] } {
  const amounts = leftAfterPromotions(quote);
  const applied: Quote['coupons'] = [];
  const problems: CouponProblem[] = [];
  for (const group of byPlace(quote, coupons)) {
    const offers = group.map((coupon) => ({ coupon, offer: offerOf(coupon, quote.items, amounts, now) }));
    const [best, ...others] = offers.filter(({ offer }) => offer.reason === null).sort(byWorth);
    for (const { coupon, offer } of offers) {
      if (offer.reason) problems.push({ couponId: coupon.couponId, code: offer.reason, gap: offer.gap });
    }
    for (const { coupon } of others) problems.push({ couponId: coupon.couponId, code: 'COUPON_CONFLICT', gap: null });
    if (!best) continue;
    for (const [index, share] of best.offer.shares) amounts[index]! -= share;
    applied.push({ couponId: best.coupon.couponId, discount: best.offer.discount });
  }
  const items = quote.items.map((item, index) => {
    const payable = amounts[index]!;
    return { ...item, couponDiscount: item.goods - item.promotionDiscount - payable, payable };
  });
  return { quote: { ...quote, items, coupons: applied, totals: totalsOf(items) }, problems };
}

/** Each coupon on its own, in the order given. */
export function judgeCoupons(quote: Quote, owned: readonly OwnedCoupon[], now: number): CouponVerdict[] {
  const amounts = leftAfterPromotions(quote);
  return owned.map((coupon) => {
    const { reason, gap, discount } = offerOf(coupon, quote.items, amounts, now);
    return { coupon, usable: reason === null, reason, gap, discount };
  });
}

export function leftAfterPromotions({ items }: Quote): number[] {
  return items.map(({ goods, promotionDiscount }) => goods - promotionDiscount);
}

/** The coupons of each place in order of application: shops by their number, the platform last. */
function byPlace<C extends Coupon>(quote: Quote, coupons: readonly C[]): C[][] {
  const places = new Map<string, C[]>();
  for (const coupon of [...coupons].sort((a, b) => compareText(a.couponId, b.couponId))) {
    const place = placeOf(coupon, quote.items) ?? PLATFORM;
    places.set(place, [...(places.get(place) ?? []), coupon]);
  }
  return [...places]
    .sort(([a], [b]) => Number(a === PLATFORM) - Number(b === PLATFORM) || compareIds(a, b))
    .map(([, group]) => group);
}

function byWorth<C extends Coupon>(a: Placed<C>, b: Placed<C>): number {
  return b.offer.discount - a.offer.discount || compareText(a.coupon.couponId, b.coupon.couponId);
}
