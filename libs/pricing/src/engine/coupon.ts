import type { Scope } from './promotion.js';

/** Money in cents, times in milliseconds since 1970; `null`: no bound. */
export type Coupon = {
  couponId: string;
  label: string;
  /** What its scope must come to, after promotions and the coupons before it. */
  threshold: number;
  scope: Scope;
  startsAt: number | null;
  endsAt: number | null;
  status: 'on' | 'off';
} & ({ kind: 'fixed'; amount: number } | { kind: 'percent'; percentOff: number; cap: number | null });

/** A coupon of one user: how often it was granted, how often used. */
export type OwnedCoupon = Coupon & { granted: number; used: number };

/**
 * Why a coupon brings nothing. One that was switched off is EXPIRED; NO_DISCOUNT: it meets its threshold, and its
 * discount rounds to nothing or finds nothing left to take.
 */
export type CouponReason = 'THRESHOLD_NOT_MET' | 'NOT_STARTED' | 'EXPIRED' | 'SCOPE_EMPTY' | 'USED' | 'NO_DISCOUNT';

/** Whether a coupon could be used alone on this cart, and what it would bring. */
export interface CouponVerdict {
  coupon: OwnedCoupon;
  usable: boolean;
  reason: CouponReason | null;
  /** Cents missing, with THRESHOLD_NOT_MET. */
  gap: number | null;
  /** Cents off; 0 when it is not usable. */
  discount: number;
}

/** Why a coupon that was asked for was not applied. COUPON_CONFLICT: another one has its place. */
export interface CouponProblem {
  couponId: string;
  code: CouponReason | 'COUPON_CONFLICT';
  /** Cents missing, with THRESHOLD_NOT_MET. */
  gap: number | null;
}
