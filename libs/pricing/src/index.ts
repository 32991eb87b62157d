export type { Coupon, CouponReason, CouponVerdict, OwnedCoupon } from './engine/coupon.js';
export type { Promotion, PromotionKind, Scope } from './engine/promotion.js';
export type { AppliedPromotion, Gift, PricedLine, PricingInput, Quote, QuotedItem } from './engine/quote.js';
