import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { ApiId, IsId, IsPageSize, MayBeAbsent, PeriodDto, toPeriod } from '@app/common';
import type { OrderFilter } from '../order.list.js';
import { OrderDto, RestoredItemDto, STATUSES } from './order.dto.js';

const NEXT = { nullable: true, example: '41', description: 'the `cursor` of the next page; null: no more' } as const;
const CURSOR = { optional: true, description: 'the `next` of the page before, with the same filters' };

/** The query of `GET /v1/orders`. */
export class ListOrdersDto {
  @ApiPropertyOptional({ enum: STATUSES })
  @MayBeAbsent()
  @IsIn(STATUSES)
  status?: OrderDto['status'];

  @IsId(CURSOR)
  cursor?: string;

  @IsPageSize()
  limit?: string;
}

/** The query of `GET /v1/admin/orders`; the period is that of `createdAt`. */
export class ListAllOrdersDto extends PeriodDto {
  @IsId({ optional: true, description: 'orders of this user' })
  userId?: string;

  @ApiPropertyOptional({ enum: STATUSES })
  @MayBeAbsent()
  @IsIn(STATUSES)
  status?: OrderDto['status'];

  @IsId(CURSOR)
  cursor?: string;

  @IsPageSize()
  limit?: string;
}

export class OrderPageDto {
  @ApiProperty({ type: [OrderDto], description: 'newest first; large orders make a page shorter than `limit`' })
  orders!: OrderDto[];

  @ApiId(NEXT)
  next!: string | null;
}

/** An order as an operator sees it. */
export class AdminOrderDto extends OrderDto {
  @ApiId({ example: '7', description: 'who ordered' })
  userId!: string;
}

export class AdminCancelledOrderDto extends AdminOrderDto {
  @ApiProperty({ type: [RestoredItemDto] })
  restored!: RestoredItemDto[];
}

export class AdminOrderPageDto {
  @ApiProperty({ type: [AdminOrderDto], description: 'newest first; large orders make a page shorter than `limit`' })
  orders!: AdminOrderDto[];

  @ApiId(NEXT)
  next!: string | null;
}

/** Throws VALIDATION_FAILED for a period that ends before it begins. */
export function toOrderFilter({ userId, status, from, to }: ListAllOrdersDto): OrderFilter {
  return { userId, status, ...toPeriod({ from, to }) };
}
