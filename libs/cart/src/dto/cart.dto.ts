import { ApiProperty } from '@nestjs/swagger';

export class OwnerDto {
  @ApiProperty({ enum: ['user', 'guest'] })
  kind!: 'user' | 'guest';

  @ApiProperty({ required: false, example: '42', description: 'of a user; the secret of a guest is not echoed' })
  id?: string;
}

export class BadgeDto {
  @ApiProperty({ example: 3 })
  skus!: number;

  @ApiProperty({ example: 7 })
  quantity!: number;

  @ApiProperty({ example: 2 })
  selectedSkus!: number;

  @ApiProperty({ example: 5 })
  selectedQuantity!: number;
}

export class PriceChangeDto {
  @ApiProperty({ enum: ['up', 'down'] })
  direction!: 'up' | 'down';

  @ApiProperty({ example: '0.20' })
  amount!: string;
}

export class StockDto {
  @ApiProperty({ enum: ['in_stock', 'low', 'out'] })
  state!: 'in_stock' | 'low' | 'out';

  @ApiProperty({ example: 41 })
  available!: number;
}

export class ItemLimitsDto {
  @ApiProperty({ example: 99, description: 'smaller of the service’s and the SKU’s limit; stock is not part of it' })
  maximum!: number;
}

export class ProblemDto {
  @ApiProperty({ enum: ['INSUFFICIENT_STOCK', 'QUANTITY_LIMIT'] })
  code!: 'INSUFFICIENT_STOCK' | 'QUANTITY_LIMIT';

  @ApiProperty({ required: false, example: 1 })
  available?: number;

  @ApiProperty({ required: false, example: 99 })
  maximum?: number;

  @ApiProperty({ required: false, example: 120 })
  requested?: number;
}

export class SnapshotDto {
  @ApiProperty()
  name!: string;

  @ApiProperty()
  image!: string;

  @ApiProperty()
  spec!: string;

  @ApiProperty({ example: '7' })
  shopId!: string;

  @ApiProperty({ example: '85123A' })
  skuCode!: string;
}

export class CartItemDto {
  @ApiProperty({ example: '100001' })
  skuId!: string;

  @ApiProperty({ example: '85123A' })
  skuCode!: string;

  @ApiProperty({ example: '7' })
  shopId!: string;

  @ApiProperty({ example: 2 })
  quantity!: number;

  @ApiProperty({ description: 'an invalid item is never selected; its stored flag comes back with the product' })
  selected!: boolean;

  @ApiProperty({ example: '2.55' })
  addPrice!: string;

  @ApiProperty({ type: String, nullable: true, example: '2.35', description: 'null when the SKU is gone' })
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

  @ApiProperty()
  snapshot!: SnapshotDto;

  @ApiProperty({ example: '2026-11-22T08:00:00.000Z' })
  addedAt!: string;

  @ApiProperty({ example: '2026-11-22T08:00:00.000Z' })
  updatedAt!: string;

  @ApiProperty({ example: '1763790000000001' })
  version!: string;
}

export class GroupDto {
  @ApiProperty({ enum: ['shop'] })
  kind!: 'shop';

  @ApiProperty({ example: '7' })
  id!: string;

  @ApiProperty()
  name!: string;

  @ApiProperty({ enum: ['all', 'some', 'none'] })
  selection!: 'all' | 'some' | 'none';

  @ApiProperty({ type: [String] })
  skuIds!: string[];

  @ApiProperty({ type: [Object] })
  promotions!: object[];
}

export class TotalsDto {
  @ApiProperty({ example: 2 })
  skus!: number;

  @ApiProperty({ example: 5 })
  quantity!: number;

  @ApiProperty({ example: '12.75' })
  goods!: string;

  @ApiProperty({ example: '0.00' })
  promotionDiscount!: string;

  @ApiProperty({ example: '0.00' })
  couponDiscount!: string;

  @ApiProperty({ example: '12.75' })
  payable!: string;

  @ApiProperty({ type: [Object] })
  gifts!: object[];
}

export class CartLimitsDto {
  @ApiProperty({ example: 120 })
  maxSkus!: number;

  @ApiProperty({ example: 99 })
  maxQuantityPerSku!: number;
}

export class WarningDto {
  @ApiProperty({ enum: ['LOW_STOCK'] })
  code!: 'LOW_STOCK';

  @ApiProperty({ example: { skuId: '100001' } })
  target!: { skuId: string };

  @ApiProperty({ example: { available: 3 } })
  data!: { available: number };
}

export class CartDto {
  @ApiProperty()
  owner!: OwnerDto;

  @ApiProperty({ example: '1763790000000001', description: 'decimal string that only grows' })
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

  @ApiProperty({ type: [String], description: 'SKUs that cannot be bought now; they are in `items` too' })
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
  @ApiProperty({ example: '1763790000000001' })
  version!: string;

  @ApiProperty()
  badge!: BadgeDto;
}
