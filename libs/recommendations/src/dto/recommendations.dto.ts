import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { ApiId, ApiMoney, MayBeAbsent } from '@app/common';
import { fromCents } from '@app/database';
import { InventoryCheck, ShopperSkuDto, toShopperSkuDto } from '@app/inventory-check';
import { Recommendation, Recommendations } from '../recommendation.js';

const PROMOTION_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** The query of `GET /v1/cart/recommendations`. */
export class RecommendationsQueryDto {
  @ApiPropertyOptional({
    pattern: PROMOTION_ID.source,
    example: 'p1',
    description: 'what closes the gap of this promotion; one that is unknown or over has nothing to recommend',
  })
  @MayBeAbsent()
  @Matches(PROMOTION_ID, { message: '$property must be 1 to 64 of A-Za-z0-9_-' })
  promotionId?: string;
}

export class RecommendationDto extends ShopperSkuDto {
  @ApiId({ isArray: true, description: 'SKUs of the cart it is often bought with, the strongest first' })
  boughtWith!: string[];

  @ApiProperty({
    type: Boolean,
    nullable: true,
    description: 'whether one of it closes the gap of the promotion asked about; null without one',
  })
  closesGap!: boolean | null;
}

export class RecommendationsDto {
  @ApiProperty({ type: [RecommendationDto], maxItems: 12, description: 'the best first; none is in the cart' })
  items!: RecommendationDto[];

  @ApiMoney({
    nullable: true,
    example: '38.00',
    description: 'what is missing to the next tier of the promotion asked about; null: nothing, or no promotion',
  })
  gap!: string | null;
}

export function toRecommendationsDto({ items, gap }: Recommendations, inventory: InventoryCheck): RecommendationsDto {
  const toDto = ({ sku, boughtWith, closesGap }: Recommendation): RecommendationDto => ({
    ...toShopperSkuDto(sku, inventory),
    boughtWith,
    closesGap,
  });
  return { items: items.map(toDto), gap: gap === null ? null : fromCents(gap) };
}
