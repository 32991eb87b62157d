import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { ApiCount, IsAsciiToken } from '@app/common';
import { COUPON_DTOS, CouponDto } from './coupon.dto.js';
import { PROMOTION_DTOS, PromotionDto } from './promotion.dto.js';

/** The query of a list that goes on above an id. */
export class ListDto {
  @IsAsciiToken({ optional: true, description: 'the `next` of the page before' })
  cursor?: string;
}

export class UpsertedTermsDto {
  @ApiCount()
  upserted!: number;
}

const NEXT = { type: String, nullable: true, example: null, description: 'for `cursor`; null: the last page' } as const;

/** Schemas of the kinds of a promotion, one of which an entry has. */
export const PROMOTION_SCHEMA = { oneOf: Object.values(PROMOTION_DTOS).map((type) => ({ $ref: getSchemaPath(type) })) };
export const COUPON_SCHEMA = { oneOf: Object.values(COUPON_DTOS).map((type) => ({ $ref: getSchemaPath(type) })) };

@ApiExtraModels(...Object.values(PROMOTION_DTOS))
export class PromotionPageDto {
  @ApiProperty({ type: 'array', items: PROMOTION_SCHEMA })
  promotions!: PromotionDto[];

  @ApiProperty(NEXT)
  next!: string | null;
}

@ApiExtraModels(...Object.values(COUPON_DTOS))
export class CouponPageDto {
  @ApiProperty({ type: 'array', items: COUPON_SCHEMA })
  coupons!: CouponDto[];

  @ApiProperty(NEXT)
  next!: string | null;
}
