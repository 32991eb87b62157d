import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayNotEmpty, IsArray, IsIn, IsInt, IsObject, Max, Min, ValidateNested } from 'class-validator';
import { IsAsciiToken, IsId, IsMoney, IsQuantity, MayBeAbsent } from '@app/common';
import type { PromotionKind } from '../engine/promotion.js';
import { IsPercent, TermsDto } from './terms.dto.js';

const MAX_TIERS = 20;
const TIERS = 'in any order; no threshold twice, and none with a smaller discount than a lower one';
const LEAST_PRIORITY = -2_147_483_648;
const MOST_PRIORITY = 2_147_483_647;

/** Documents and checks the field that tells the kinds apart. */
const IsKind =
  (kind: PromotionKind): PropertyDecorator =>
  (target, name) => {
    ApiProperty({ enum: [kind] })(target, name);
    IsIn([kind])(target, name);
  };

class PromotionHeadDto extends TermsDto {
  @IsAsciiToken()
  promotionId!: string;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: LEAST_PRIORITY,
    maximum: MOST_PRIORITY,
    default: 0,
    description: 'higher goes first; among equals the lower promotionId',
  })
  @MayBeAbsent()
  @IsInt()
  @Min(LEAST_PRIORITY)
  @Max(MOST_PRIORITY)
  priority?: number;
}

export class TierDto {
  @IsMoney({ positive: true })
  threshold!: string;

  @IsMoney({ positive: true })
  discount!: string;
}

/** 满减: the highest tier reached counts. */
export class FullReductionDto extends PromotionHeadDto {
  @IsKind('full_reduction')
  kind!: 'full_reduction';

  @ApiProperty({ type: [TierDto], minItems: 1, maxItems: MAX_TIERS, description: TIERS })
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(MAX_TIERS)
  // ValidateNested alone takes a list for an object.
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => TierDto)
  tiers!: TierDto[];

  @ApiPropertyOptional({
    enum: ['once', 'every'],
    default: 'once',
    description: 'every: as often as the threshold of its single tier fits',
  })
  @MayBeAbsent()
  @IsIn(['once', 'every'])
  repeat?: 'once' | 'every';
}

export class PromotionGiftDto {
  @IsId()
  skuId!: string;

  @IsQuantity()
  quantity!: number;
}

/** 满赠: a gift from a threshold on, while there is stock of it. */
export class FullGiftDto extends PromotionHeadDto {
  @IsKind('full_gift')
  kind!: 'full_gift';

  @IsMoney({ positive: true })
  threshold!: string;

  @ApiProperty()
  @IsObject()
  @ValidateNested()
  @Type(() => PromotionGiftDto)
  gift!: PromotionGiftDto;
}

export class PercentOffDto extends PromotionHeadDto {
  @IsKind('percent_off')
  kind!: 'percent_off';

  @IsPercent()
  percentOff!: string;
}

/** A unit costs this much, where it costs more otherwise. */
export class FixedPriceDto extends PromotionHeadDto {
  @IsKind('fixed_price')
  kind!: 'fixed_price';

  @IsMoney()
  price!: string;
}

/** Every n-th unit of a SKU is cheaper. */
export class NthItemDto extends PromotionHeadDto {
  @IsKind('nth_item')
  kind!: 'nth_item';

  @IsQuantity()
  n!: number;

  @IsPercent()
  percentOff!: string;
}

export type PromotionDto = FullReductionDto | FullGiftDto | PercentOffDto | FixedPriceDto | NthItemDto;

/** One class per kind; the field `kind` says which. */
export const PROMOTION_DTOS = {
  full_reduction: FullReductionDto,
  full_gift: FullGiftDto,
  percent_off: PercentOffDto,
  fixed_price: FixedPriceDto,
  nth_item: NthItemDto,
} as const;
