import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { ApiCount, ApiId, IsAsciiToken, IsId, IsMoney, IsQuantity, MayBeAbsent } from '@app/common';
import { IsPercent, TermsDto } from './terms.dto.js';

class CouponHeadDto extends TermsDto {
  @IsAsciiToken()
  couponId!: string;

  @IsMoney({ description: 'what its scope must come to after promotions; 0.00: anything' })
  threshold!: string;
}

export class FixedCouponDto extends CouponHeadDto {
  @ApiProperty({ enum: ['fixed'] })
  @IsIn(['fixed'])
  kind!: 'fixed';

  @IsMoney({ positive: true })
  amount!: string;
}

export class PercentCouponDto extends CouponHeadDto {
  @ApiProperty({ enum: ['percent'] })
  @IsIn(['percent'])
  kind!: 'percent';

  @IsPercent()
  percentOff!: string;

  @ApiPropertyOptional({ nullable: true, description: 'the most it takes off; null: no bound' })
  @IsOptional()
  @IsMoney({ positive: true })
  cap?: string | null;
}

export type CouponDto = FixedCouponDto | PercentCouponDto;

/** One class per kind; the field `kind` says which. */
export const COUPON_DTOS = { fixed: FixedCouponDto, percent: PercentCouponDto } as const;

export class GrantDto {
  @IsId()
  userId!: string;

  @ApiPropertyOptional({ default: 1 })
  @MayBeAbsent()
  @IsQuantity()
  count?: number;
}

export class GrantedDto {
  @ApiProperty({ example: 'new-shopper' })
  couponId!: string;

  @ApiId({ example: '42' })
  userId!: string;

  @ApiCount({ minimum: 1, description: 'of this coupon the user was given or has claimed in all, the used ones too' })
  granted!: number;
}
