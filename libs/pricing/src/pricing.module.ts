import { Module } from '@nestjs/common';
import { CouponTable } from './coupon.table.js';
import { PromotionTable } from './promotion.table.js';
import { UserCouponTable } from './user-coupon.table.js';

@Module({
  providers: [PromotionTable, CouponTable, UserCouponTable],
  exports: [PromotionTable, CouponTable, UserCouponTable],
})
export class PricingModule {}
