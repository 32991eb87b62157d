import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems, ParseTokenPipe } from '@app/common';
import { Caller, CurrentCaller, Idempotent, Shopper, UserCaller, UserOnly } from '@app/identity';
import { CouponGuide } from './coupon-guide.service.js';
import { CouponAdviceDto, ListCouponsDto, toCouponAdviceDto } from './dto/coupon-advice.dto.js';

/** The coupons of whoever asks, beside the cart. */
@ApiTags('coupons')
@Controller('v1/coupons')
export class CouponsController {
  constructor(private readonly guide: CouponGuide) {}

  @Get()
  @Shopper()
  @ApiOperation({
    summary: 'The coupons a shopper has, each usable or with a reason, and the best set of them; or those to claim',
    description:
      'With `claimable=true` those that are about the platform or about a shop or SKU in the cart and that the shopper ' +
      'has not claimed, at most 200, those that bring most first. A guest has none, and may look at what there is to claim.',
  })
  @ApiOkResponse({ type: CouponAdviceDto })
  @ApiProblems('VALIDATION_FAILED', 'CART_BUSY', 'CART_UNAVAILABLE')
  async list(@CurrentCaller() caller: Caller, @Query() { claimable }: ListCouponsDto): Promise<CouponAdviceDto> {
    return toCouponAdviceDto(
      claimable === 'true' ? await this.guide.claimable(caller) : await this.guide.ofShopper(caller),
    );
  }

  @Post(':couponId/claim')
  @UserOnly()
  @Idempotent()
  @ApiOperation({ summary: 'Claims a coupon, once; answers the coupons of the user. A second claim changes nothing' })
  @HttpCode(200)
  @ApiOkResponse({ type: CouponAdviceDto })
  @ApiProblems('VALIDATION_FAILED', 'COUPON_NOT_FOUND', 'CART_BUSY', 'CART_UNAVAILABLE')
  async claim(
    @CurrentCaller() user: UserCaller,
    @Param('couponId', ParseTokenPipe) couponId: string,
  ): Promise<CouponAdviceDto> {
    await this.guide.claim(user.id, couponId);
    return toCouponAdviceDto(await this.guide.ofShopper(user));
  }
}
