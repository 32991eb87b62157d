import { percentOf, shareOut, sum } from './arithmetic.js';
import type { Coupon, CouponReason, OwnedCoupon } from './coupon.js';
import type { PricedLine } from './quote.js';
import { covers } from './scope.js';

/** The place a coupon takes: one for each shop, named by its id, and one for the platform. */
export const PLATFORM = 'platform';

/** What a coupon would take of each line, or why it takes nothing. */
export type CouponOffer =
  | { reason: null; gap: null; discount: number; shares: ReadonlyMap<number, number> }
  | { reason: CouponReason; gap: number | null; discount: 0; shares: ReadonlyMap<number, number> };

/** Step 4 for one coupon; `amounts` are what is left of each line before it. */
export function offerOf(
  coupon: Coupon | OwnedCoupon,
  lines: readonly PricedLine[],
  amounts: readonly number[],
  now: number,
): CouponOffer {
  const barred = barredBy(coupon, now);
  if (barred) return nothing(barred);
  const members = membersOf(coupon, lines);
  const amount = sum(members.map((index) => amounts[index]!));
  if (members.length === 0) return nothing('SCOPE_EMPTY');
  if (amount < coupon.threshold) return nothing('THRESHOLD_NOT_MET', coupon.threshold - amount);
  const discount = discountOf(coupon, amount);
  if (discount === 0) return nothing('NO_DISCOUNT');
  const weights = members.map((index) => ({ skuId: lines[index]!.skuId, weight: BigInt(amounts[index]!) }));
  const shares = shareOut(discount, weights);
  return { reason: null, gap: null, discount, shares: new Map(members.map((index, i) => [index, shares[i]!])) };
}

/** Cents a coupon takes off an amount that meets its threshold: never more than there is. */
export function discountOf(coupon: Coupon, amount: number): number {
  if (coupon.kind === 'fixed') return Math.min(coupon.amount, amount);
  const discount = percentOf(amount, coupon.percentOff);
  return coupon.cap === null ? discount : Math.min(coupon.cap, discount);
}

/**
 * A coupon for SKUs counts to the shop they are of. When those in the cart are of several shops it is none of theirs
 * alone, and takes the platform's place. `null`: it has nothing in the cart.
 */
export function placeOf(coupon: Coupon, lines: readonly PricedLine[]): string | null {
  if ('platform' in coupon.scope) return PLATFORM;
  if ('shopId' in coupon.scope) return coupon.scope.shopId;
  const shops = new Set(membersOf(coupon, lines).map((index) => lines[index]!.shopId));
  const [shopId = null] = shops;
  return shops.size > 1 ? PLATFORM : shopId;
}

/** Indexes of the lines it is about. */
export function membersOf(coupon: Coupon, lines: readonly PricedLine[]): number[] {
  return [...lines.keys()].filter((index) => covers(coupon.scope, lines[index]!));
}

function nothing(reason: CouponReason, gap: number | null = null): CouponOffer {
  return { reason, gap, discount: 0, shares: new Map() };
}

function barredBy(coupon: Coupon | OwnedCoupon, now: number): CouponReason | null {
  if ('granted' in coupon && coupon.used >= coupon.granted) return 'USED';
  if (coupon.status === 'off' || (coupon.endsAt !== null && now >= coupon.endsAt)) return 'EXPIRED';
  return coupon.startsAt !== null && now < coupon.startsAt ? 'NOT_STARTED' : null;
}
