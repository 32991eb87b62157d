import { Module } from '@nestjs/common';
import { InventoryCheckModule } from '@app/inventory-check';
import { ActiveCoupons } from './active-coupons.js';
import { CouponTable } from './coupon.table.js';
import { CouponsAdminController } from './coupons.admin.controller.js';
import { PricingService } from './pricing.service.js';
import { PromotionTable } from './promotion.table.js';
import { Promotions } from './promotions.js';
import { PromotionsAdminController } from './promotions.admin.controller.js';
import { ShopClock } from './shop-clock.js';
import { UserCouponTable } from './user-coupon.table.js';

@Module({
  imports: [InventoryCheckModule],
  controllers: [PromotionsAdminController, CouponsAdminController],
  providers: [ActiveCoupons, CouponTable, PricingService, Promotions, PromotionTable, ShopClock, UserCouponTable],
  exports: [ActiveCoupons, CouponTable, PricingService, Promotions, PromotionTable, ShopClock, UserCouponTable],
})
export class PricingModule {}
