import { AppError, ErrorDetail } from '@app/common';
import { fromCents } from '@app/database';
import { applyCoupons } from './engine/apply-coupons.js';
import { bestCoupons } from './engine/best-coupons.js';
import type { CouponProblem, OwnedCoupon } from './engine/coupon.js';
import type { Quote } from './engine/quote.js';

/** Which coupons a shopper wants used. */
export type CouponChoice = 'none' | 'best' | readonly string[];

/**
 * The quote with the coupons chosen, and why some of them could not be used. Throws `COUPON_NOT_FOUND` for one that is not
 * the user's.
 */
export function useCoupons(
  quote: Quote,
  owned: readonly OwnedCoupon[],
  choice: CouponChoice,
  now: number,
): { quote: Quote; problems: CouponProblem[] } {
  if (choice === 'none') return { quote, problems: [] };
  const couponIds = choice === 'best' ? bestCoupons(quote, owned, now).couponIds : choice;
  const mine = new Map(owned.map((coupon) => [coupon.couponId, coupon]));
  const missing = couponIds.filter((couponId) => !mine.has(couponId));
  if (missing.length > 0) throw couponNotFound(missing);
  return applyCoupons(
    quote,
    [...new Set(couponIds)].map((couponId) => mine.get(couponId)!),
    now,
  );
}

export function couponNotFound(couponIds: readonly string[]): AppError {
  return new AppError(
    'COUPON_NOT_FOUND',
    couponIds.map((couponId) => ({ code: 'COUPON_NOT_FOUND', couponId })),
  );
}

/** What an entry of `errors[]` or `requirements` says of a coupon that cannot be used; `reason` says why. */
export function toCouponDetail({ couponId, code, gap }: CouponProblem): ErrorDetail {
  return { code: 'CHECKOUT_REJECTED', couponId, reason: code, ...(gap === null ? {} : { gap: fromCents(gap) }) };
}
