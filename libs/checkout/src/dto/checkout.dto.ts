import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsObject, ValidateBy, ValidateNested } from 'class-validator';
import { GiftDto, TotalsDto, WarningDto } from '@app/cart';
import { ApiCount, ApiId, ApiMoney, IsAsciiToken, IsId, IsQuantity, IsTotal, MayBeAbsent } from '@app/common';

const MAX_COUPONS = 100;
const MAX_ITEMS = 1_000;
const TOKEN = /^[A-Za-z0-9_-]{1,64}$/;

/** Ids of coupons, or "best". */
function IsCouponChoice(): PropertyDecorator {
  const isToken = (value: unknown) => typeof value === 'string' && TOKEN.test(value);
  const validate = (value: unknown) =>
    value === 'best' || (Array.isArray(value) && value.length <= MAX_COUPONS && value.every(isToken));
  const defaultMessage = () => `$property must be "best", or at most ${MAX_COUPONS} ids of coupons`;
  const token = { type: 'string', pattern: TOKEN.source };
  return applyDecorators(
    MayBeAbsent(),
    ValidateBy({ name: 'isCouponChoice', validator: { validate, defaultMessage } }),
    ApiProperty({
      required: false,
      description: 'the coupons to use, or those that bring most; none when left out',
      oneOf: [
        { type: 'array', items: token, maxItems: MAX_COUPONS },
        { type: 'string', enum: ['best'] },
      ],
      example: 'best',
    }),
  );
}

export class PreviewDto {
  @IsCouponChoice()
  couponIds?: string[] | 'best';

  @IsAsciiToken({ each: true, optional: true, description: 'promotions whose gift is not wanted' })
  @IsArray()
  @ArrayMaxSize(MAX_COUPONS)
  @ApiProperty({ maxItems: MAX_COUPONS, required: false })
  declineGifts?: string[];
}

export class SeenItemDto {
  @IsId()
  skuId!: string;

  @IsQuantity()
  quantity!: number;
}

export class CheckoutDto {
  @IsCouponChoice()
  couponIds?: string[] | 'best';

  @IsAsciiToken({ each: true, optional: true, description: 'promotions whose gift is not wanted' })
  @IsArray()
  @ArrayMaxSize(MAX_COUPONS)
  @ApiProperty({ maxItems: MAX_COUPONS, required: false })
  declineGifts?: string[];

  @IsTotal({ description: 'what the shopper has agreed to pay; less is ordered too, more is refused' })
  expectedPayable!: string;

  @ApiProperty({
    type: [SeenItemDto],
    required: false,
    maxItems: MAX_ITEMS,
    description: 'what the shopper saw selected; anything else in the cart is refused',
  })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(MAX_ITEMS)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => SeenItemDto)
  items?: SeenItemDto[];

  @IsAsciiToken({
    optional: true,
    description:
      'of the preview the shopper agreed to. Other items, quantities, gifts or coupons than that are refused with ' +
      'CART_CHANGED',
  })
  quote?: string;
}

/** One selected item with its share of every discount; the shares add up to the totals, to the cent. */
export class PricedItemDto {
  @ApiId()
  skuId!: string;

  @ApiCount({ example: 2 })
  quantity!: number;

  @ApiMoney({ example: '5.10' })
  goods!: string;

  @ApiMoney({ example: '0.50' })
  promotionDiscount!: string;

  @ApiMoney({ example: '0.00' })
  couponDiscount!: string;

  @ApiMoney({ example: '4.60' })
  payable!: string;
}

/** Something that is selected, and not ordered because it cannot be bought now. */
export class LeftOutDto {
  @ApiId()
  skuId!: string;

  @ApiProperty({ enum: ['OFF_SHELF', 'OUT_OF_STOCK', 'SKU_GONE'] })
  reason!: 'OFF_SHELF' | 'OUT_OF_STOCK' | 'SKU_GONE';
}

/** Something that is in the way of submitting, as the refusal of a checkout would say it. */
export class RequirementDto {
  @ApiProperty({ example: 'INSUFFICIENT_STOCK' })
  code!: string;

  @ApiId({ required: false })
  skuId?: string;

  @ApiCount({ required: false, example: 1 })
  available?: number;

  @ApiCount({ required: false, example: 99, description: 'of the SKU, or with TOO_MANY_ORDERS of unpaid orders' })
  maximum?: number;

  @ApiCount({ required: false, example: 3, description: 'with what is in unpaid orders of the shopper' })
  requested?: number;

  @ApiProperty({ required: false, description: 'the coupon that cannot be used' })
  couponId?: string;

  @ApiProperty({ required: false, description: 'why it cannot' })
  reason?: string;

  @ApiMoney({ required: false, description: 'what is missing to its threshold' })
  gap?: string;
}

export class PreviewedDto {
  @ApiProperty()
  totals!: TotalsDto;

  @ApiProperty({ type: [PricedItemDto] })
  items!: PricedItemDto[];

  @ApiProperty({ type: [GiftDto] })
  gifts!: GiftDto[];

  @ApiProperty({ type: [String], example: ['c1'], description: 'the coupons that were used' })
  couponIds!: string[];

  @ApiProperty({ type: [RequirementDto], description: 'what blocks submitting; empty when nothing does' })
  requirements!: RequirementDto[];

  @ApiProperty({ type: [LeftOutDto], description: 'selected, and not in `items` because they cannot be bought now' })
  leftOut!: LeftOutDto[];

  @ApiProperty({
    example: 'p2QyHcH2bmtjzMHdBVNS3Jqk2w9YV0dX7nE0Ufo4aRg1',
    description:
      'what the shopper agrees to: a hash over items, quantities, gifts and coupons, not over amounts. A checkout ' +
      'that sends it orders exactly that, or is refused',
  })
  quote!: string;

  @ApiProperty({ type: [WarningDto], description: 'what blocks nothing, as the cart says it: GIFT_UNAVAILABLE' })
  warnings!: WarningDto[];
}
