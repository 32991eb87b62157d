export type { Coupon, CouponReason, CouponVerdict, OwnedCoupon } from './engine/coupon.js';
export type { Promotion, PromotionKind, Scope } from './engine/promotion.js';
export type { AppliedPromotion, Gift, PricedLine, PricingInput, Quote, QuotedItem } from './engine/quote.js';
export { CouponTable } from './coupon.table.js';
export { PricingModule } from './pricing.module.js';
export { PromotionTable } from './promotion.table.js';
export { UserCouponTable } from './user-coupon.table.js';
export type { GrantRequest } from './user-coupon.table.js';
