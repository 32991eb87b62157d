import { ApiProperty } from '@nestjs/swagger';
import { GiftDto, SnapshotDto, TotalsDto } from '@app/cart';
import { ApiCount, ApiId, ApiMoney, ApiTime } from '@app/common';
import { PricedItemDto } from './checkout.dto.js';

export const STATUSES = ['pending', 'paid', 'cancelled', 'expired'] as const;
const OUTCOMES = ['restored', 'clipped', 'rejected'] as const;

export class OrderItemDto extends PricedItemDto {
  @ApiMoney({ example: '2.55', description: 'of one unit' })
  price!: string;

  @ApiProperty({ description: 'the product as it was when it was ordered' })
  snapshot!: SnapshotDto;
}

export class OrderDto {
  @ApiId({ example: '42' })
  orderId!: string;

  @ApiProperty({ enum: STATUSES })
  status!: (typeof STATUSES)[number];

  @ApiProperty({ type: [OrderItemDto] })
  items!: OrderItemDto[];

  @ApiProperty({ type: [GiftDto] })
  gifts!: GiftDto[];

  @ApiProperty()
  totals!: TotalsDto;

  @ApiProperty({ type: [String], example: ['c1'] })
  couponIds!: string[];

  @ApiTime()
  createdAt!: string;

  @ApiTime({ description: 'when it expires unless it is paid' })
  expiresAt!: string;

  @ApiProperty({ example: 'CNY' })
  currency!: string;
}

/** What came back into the cart of one ordered SKU. */
export class RestoredItemDto {
  @ApiId()
  skuId!: string;

  @ApiCount({ example: 2, description: 'how much came back' })
  quantity!: number;

  @ApiProperty({
    enum: OUTCOMES,
    description: 'restored: all of it, over the limits of the cart too. The others are of orders of an earlier version',
  })
  outcome!: (typeof OUTCOMES)[number];
}

export class CancelledOrderDto extends OrderDto {
  @ApiProperty({ type: [RestoredItemDto] })
  restored!: RestoredItemDto[];
}
