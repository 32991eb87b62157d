import { compareText, sum } from './arithmetic.js';
import { leftAfterPromotions } from './apply-coupons.js';
import type { Coupon, OwnedCoupon } from './coupon.js';
import { CouponOffer, discountOf, membersOf, offerOf, placeOf, PLATFORM } from './coupon-offer.js';
import { boundOf, combine, idsOf, NOTHING_USED, Plan, search, toPlan, useCoupon, Way } from './coupon-search.js';
import type { Quote, QuotedItem } from './quote.js';

/** How many half-made sets are followed at once: first few, which finds a good one fast; then all that may matter. */
const NARROW = 500;
const WIDE = 20_000;
/** Half-made sets looked at in one call: a bound for carts made to be hard, see docs/adr/0008-pricing.md. */
const MAX_STEPS = 200_000;

interface Usable {
  couponId: string;
  offer: CouponOffer;
}

/**
 * The set of coupons that takes most off; among equals the one with the fewest, then with the lowest ids.
 *
 * What a shop's coupon takes does not depend on other shops, so without a coupon of the platform each shop's best is
 * best. A coupon of the platform looks at what those leave: taking less in a shop may be worth it when its threshold is
 * met that way. So each of the platform's is tried with every way of using the shops' that could be the best.
 */
export function bestCoupons(
  quote: Quote,
  owned: readonly OwnedCoupon[],
  now: number,
): { couponIds: string[]; discount: number } {
  const amounts = leftAfterPromotions(quote);
  const { shops, platform } = usableByPlace(quote.items, owned, amounts, now);
  let best = [...shops.values()].map(bestOfShop).reduce(combine, NOTHING_USED);
  const steps = { left: MAX_STEPS };
  let open = platform
    .map((coupon) => planFor(coupon, quote.items, amounts, shops))
    .sort((a, b) => boundOf(b, NOTHING_USED, 0) - boundOf(a, NOTHING_USED, 0));
  for (const width of [NARROW, WIDE]) {
    open = open.filter((plan) => {
      const found = search(plan, best, width, steps);
      best = found.best;
      return !found.isComplete;
    });
  }
  return { couponIds: idsOf(best), discount: best.discount };
}

/** Only what would take something off: a coupon that brings nothing is kept for later. */
function usableByPlace(items: readonly QuotedItem[], owned: readonly OwnedCoupon[], amounts: number[], now: number) {
  const shops = new Map<string, Usable[]>();
  const platform = new Map<string, OwnedCoupon>();
  for (const coupon of [...owned].sort((a, b) => compareText(a.couponId, b.couponId))) {
    const { couponId } = coupon;
    const offer = offerOf(coupon, items, amounts, now);
    if (offer.discount === 0) continue;
    const place = placeOf(coupon, items) ?? PLATFORM;
    if (place !== PLATFORM) {
      shops.set(place, [...(shops.get(place) ?? []), { couponId, offer }]);
    } else if (!platform.has(termsOf(coupon))) {
      platform.set(termsOf(coupon), coupon);
    }
  }
  return { shops, platform: [...platform.values()] };
}

/** The same for coupons that differ in nothing but their names; the first of those does for all. */
function termsOf(coupon: Coupon): string {
  const { kind, threshold, scope } = coupon;
  return JSON.stringify([kind, threshold, scope, kind === 'fixed' ? coupon.amount : [coupon.percentOff, coupon.cap]]);
}

/** Coupons come by id, so that the first of the best has the lowest. */
function bestOfShop(coupons: readonly Usable[]): Way {
  const { couponId, offer } = coupons.reduce((best, other) =>
    other.offer.discount > best.offer.discount ? other : best,
  );
  return useCoupon(NOTHING_USED, couponId, offer.discount);
}

function planFor(
  coupon: OwnedCoupon,
  items: readonly QuotedItem[],
  amounts: readonly number[],
  shops: ReadonlyMap<string, readonly Usable[]>,
): Plan {
  const members = membersOf(coupon, items);
  const elsewhere = members.filter((index) => !shops.has(items[index]!.shopId));
  const ways = [...shops].map(([shopId, coupons]) => {
    const inShop = members.filter((index) => items[index]!.shopId === shopId);
    const unused = { ...NOTHING_USED, left: sum(inShop.map((index) => amounts[index]!)) };
    const used = coupons.map(({ couponId, offer: { discount, shares } }) => {
      const left = unused.left - sum(inShop.map((index) => shares.get(index) ?? 0));
      return { ...useCoupon(unused, couponId, discount), left };
    });
    return [unused, ...used];
  });
  ways.push([{ ...NOTHING_USED, left: sum(elsewhere.map((index) => amounts[index]!)) }]);
  const isFlat = coupon.kind === 'fixed' && coupon.amount <= coupon.threshold;
  return toPlan({ ...coupon, isFlat, valueOf: (left) => discountOf(coupon, left) }, ways);
}
