import { ApiProperty } from '@nestjs/swagger';
import { ApiCount, ApiId, ApiMoney, ApiTime, ApiVersion } from '@app/common';

export class OwnerDto {
  @ApiProperty({ enum: ['user', 'guest'] })
  kind!: 'user' | 'guest';

  @ApiId({ required: false, example: '42', description: 'of a user; the secret of a guest is not echoed' })
  id?: string;
}

export class BadgeDto {
  @ApiCount({ example: 3 })
  skus!: number;

  @ApiCount({ example: 7 })
  quantity!: number;

  @ApiCount({ example: 2 })
  selectedSkus!: number;

  @ApiCount({ example: 5 })
  selectedQuantity!: number;
}

export class PriceChangeDto {
  @ApiProperty({ enum: ['up', 'down'] })
  direction!: 'up' | 'down';

  @ApiMoney({ example: '0.20' })
  amount!: string;
}

export class StockDto {
  @ApiProperty({ enum: ['in_stock', 'low', 'out'] })
  state!: 'in_stock' | 'low' | 'out';

  @ApiCount({ example: 41 })
  available!: number;
}

export class ItemLimitsDto {
  @ApiCount({ example: 99, description: 'smaller of the service’s and the SKU’s limit; stock is not part of it' })
  maximum!: number;
}

export class ProblemDto {
  @ApiProperty({ enum: ['INSUFFICIENT_STOCK', 'QUANTITY_LIMIT'] })
  code!: 'INSUFFICIENT_STOCK' | 'QUANTITY_LIMIT';

  @ApiCount({ required: false, example: 1 })
  available?: number;

  @ApiCount({ required: false, example: 99 })
  maximum?: number;

  @ApiCount({ required: false, example: 120 })
  requested?: number;
}

export class SnapshotDto {
  @ApiProperty()
  name!: string;

  @ApiProperty()
  image!: string;

  @ApiProperty()
  spec!: string;

  @ApiId({ example: '7' })
  shopId!: string;

  @ApiProperty({ example: '85123A' })
  skuCode!: string;
}

export class CartItemDto {
  @ApiId({ example: '100001' })
  skuId!: string;

  @ApiProperty({ example: '85123A' })
  skuCode!: string;

  @ApiId({ nullable: true, example: '7001', description: 'the product whose variant the SKU is' })
  spuId!: string | null;

  @ApiId({ example: '7' })
  shopId!: string;

  @ApiCount({ example: 2 })
  quantity!: number;

  @ApiProperty({ description: 'an invalid item is never selected; its stored flag comes back with the product' })
  selected!: boolean;

  @ApiMoney({ example: '2.55' })
  addPrice!: string;

  @ApiMoney({ nullable: true, example: '2.35', description: 'null when the SKU is gone' })
  price!: string | null;

  @ApiProperty({ type: PriceChangeDto, nullable: true })
  priceChange!: PriceChangeDto | null;

  @ApiProperty()
  stock!: StockDto;

  @ApiProperty()
  limits!: ItemLimitsDto;

  @ApiProperty()
  valid!: boolean;

  @ApiProperty({ enum: ['OFF_SHELF', 'OUT_OF_STOCK', 'SKU_GONE', null], nullable: true })
  invalidReason!: 'OFF_SHELF' | 'OUT_OF_STOCK' | 'SKU_GONE' | null;

  @ApiProperty({ type: [ProblemDto] })
  problems!: ProblemDto[];

  @ApiProperty({ description: 'the product as it is now; once it is gone, as it was last' })
  snapshot!: SnapshotDto;

  @ApiTime()
  addedAt!: string;

  @ApiTime()
  updatedAt!: string;

  @ApiVersion()
  version!: string;
}

const PROMOTION_KINDS = ['full_reduction', 'full_gift', 'percent_off', 'fixed_price', 'nth_item'] as const;

export class PromisedGiftDto {
  @ApiId()
  skuId!: string;

  @ApiCount()
  quantity!: number;
}

export class GroupPromotionDto {
  @ApiProperty({ example: 'p1' })
  id!: string;

  @ApiProperty({ enum: PROMOTION_KINDS })
  kind!: (typeof PROMOTION_KINDS)[number];

  @ApiProperty({ example: '满500减100' })
  label!: string;

  @ApiProperty({ description: 'by the selected items, in other shops too when it is about them' })
  reached!: boolean;

  @ApiMoney({
    nullable: true,
    example: '38.00',
    description:
      'what the selected items lack to the next tier; null: none is left, the kind has none, or the gift is out of stock',
  })
  gap!: string | null;

  @ApiMoney({ example: '0.00', description: 'its share of the items of this group' })
  discount!: string;

  @ApiProperty({
    required: false,
    description: 'of a full_gift: what it promises; `totals.gifts` says what is given',
  })
  gift?: PromisedGiftDto;
}

export class GroupDto {
  @ApiProperty({ enum: ['shop', 'promotion'] })
  kind!: 'shop' | 'promotion';

  @ApiProperty({ example: '7', description: 'shop id or promotion id; empty: the items without a promotion' })
  id!: string;

  @ApiProperty()
  name!: string;

  @ApiProperty({ enum: ['all', 'some', 'none'] })
  selection!: 'all' | 'some' | 'none';

  @ApiId({ isArray: true })
  skuIds!: string[];

  @ApiProperty({ type: [GroupPromotionDto] })
  promotions!: GroupPromotionDto[];
}

export class GiftDto {
  @ApiProperty({ example: 'p1' })
  promotionId!: string;

  @ApiId()
  skuId!: string;

  @ApiCount()
  quantity!: number;
}

export class UsedCouponDto {
  @ApiProperty({ example: 'new-shopper' })
  couponId!: string;

  @ApiMoney({ example: '5.00' })
  discount!: string;
}

export class TotalsDto {
  @ApiCount({ example: 2 })
  skus!: number;

  @ApiCount({ example: 5 })
  quantity!: number;

  @ApiMoney({ example: '12.75' })
  goods!: string;

  @ApiMoney({ example: '0.00' })
  promotionDiscount!: string;

  @ApiMoney({ example: '0.00' })
  couponDiscount!: string;

  @ApiMoney({ example: '12.75' })
  payable!: string;

  @ApiProperty({ type: [GiftDto] })
  gifts!: GiftDto[];

  @ApiProperty({
    type: [UsedCouponDto],
    required: false,
    description: 'the coupons in the totals; absent unless `coupons` asked for some',
  })
  coupons?: UsedCouponDto[];
}

export class CartLimitsDto {
  @ApiCount({ example: 120 })
  maxSkus!: number;

  @ApiCount({ example: 99 })
  maxQuantityPerSku!: number;
}

export class WarningTargetDto {
  @ApiId({ required: false })
  skuId?: string;

  @ApiProperty({ required: false, description: 'the coupon that was asked for and is not in the totals' })
  couponId?: string;

  @ApiProperty({ required: false, description: 'with GIFT_UNAVAILABLE: whose gift `skuId` is' })
  promotionId?: string;
}

export class WarningDataDto {
  @ApiCount({ required: false, example: 3, description: 'with LOW_STOCK' })
  available?: number;

  @ApiCount({ required: false, example: 120, description: 'with CART_FULL' })
  maximum?: number;

  @ApiMoney({ required: false, example: '38.00', description: 'what is missing, with THRESHOLD_NOT_MET' })
  gap?: string;

  @ApiProperty({ required: false, example: 'p1', description: 'with GIFT_UNAVAILABLE' })
  promotionId?: string;

  @ApiId({ required: false, description: 'with GIFT_UNAVAILABLE: the gift' })
  skuId?: string;
}

const WARNINGS = [
  'CART_FULL',
  'LOW_STOCK',
  'THRESHOLD_NOT_MET',
  'NOT_STARTED',
  'EXPIRED',
  'SCOPE_EMPTY',
  'USED',
  'NO_DISCOUNT',
  'COUPON_CONFLICT',
  'GIFT_UNAVAILABLE',
] as const;

export class WarningDto {
  @ApiProperty({
    enum: WARNINGS,
    description:
      'CART_FULL: more SKUs than a cart may come to hold, after an order came back or the limit fell; no other SKU can ' +
      'be added. LOW_STOCK is about a SKU; GIFT_UNAVAILABLE about a promotion that is reached and whose gift is out of stock; ' +
      'the others are about a coupon',
  })
  code!: (typeof WARNINGS)[number];

  @ApiProperty()
  target!: WarningTargetDto;

  @ApiProperty()
  data!: WarningDataDto;
}

export class CartDto {
  @ApiProperty()
  owner!: OwnerDto;

  @ApiVersion()
  version!: string;

  @ApiProperty({ example: 'CNY' })
  currency!: string;

  @ApiProperty({ description: 'true: read from MySQL because Redis is away' })
  stale!: boolean;

  @ApiProperty({ description: 'by the stored flags, invalid items included' })
  badge!: BadgeDto;

  @ApiProperty({ type: [CartItemDto], description: 'most recently added first' })
  items!: CartItemDto[];

  @ApiProperty({ type: [GroupDto], description: 'in the order of the newest item of each' })
  groups!: GroupDto[];

  @ApiId({ isArray: true, description: 'SKUs that cannot be bought now; they are in `items` too' })
  invalidItems!: string[];

  @ApiProperty({ description: 'of the valid, selected items' })
  totals!: TotalsDto;

  @ApiProperty()
  limits!: CartLimitsDto;

  @ApiProperty({ type: [WarningDto] })
  warnings!: WarningDto[];
}

/** The answer to a write with `Prefer: return=minimal`. */
export class MinimalCartDto {
  @ApiVersion()
  version!: string;

  @ApiProperty()
  badge!: BadgeDto;
}
