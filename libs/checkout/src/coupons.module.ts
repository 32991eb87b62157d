import { Module } from '@nestjs/common';
import { CartModule } from '@app/cart';
import { PricingModule } from '@app/pricing';
import { CouponGuide } from './coupon-guide.service.js';
import { CouponsController } from './coupons.controller.js';

@Module({
  imports: [CartModule, PricingModule],
  controllers: [CouponsController],
  providers: [CouponGuide],
})
export class CouponsModule {}
