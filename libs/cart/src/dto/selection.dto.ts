import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsIn } from 'class-validator';
import { invalid, IsFlag, IsId, MayBeAbsent } from '@app/common';
import type { Selection } from '../cart.service.js';

const SCOPES = ['items', 'shop', 'all'] as const;

/** `skuIds` with scope `items` alone, `shopId` with scope `shop` alone. */
export class SelectionDto {
  @ApiProperty({ enum: SCOPES })
  @IsIn(SCOPES)
  scope!: (typeof SCOPES)[number];

  @IsId({ each: true, optional: true, description: 'of scope items' })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(1000)
  @ApiProperty({ maxItems: 1000, required: false })
  skuIds?: string[];

  @IsId({ optional: true, description: 'of scope shop' })
  shopId?: string;

  @IsFlag()
  selected!: boolean;
}

/** What the fields of {@link SelectionDto} cannot say one by one. */
export const SELECTION_RULE = {
  oneOf: [
    { properties: { scope: { const: 'all' } }, not: { anyOf: [{ required: ['skuIds'] }, { required: ['shopId'] }] } },
    { properties: { scope: { const: 'items' } }, required: ['skuIds'], not: { required: ['shopId'] } },
    { properties: { scope: { const: 'shop' } }, required: ['shopId'], not: { required: ['skuIds'] } },
  ],
};

/** Throws `VALIDATION_FAILED` when the scope lacks what it needs, or has what belongs to another. */
export function toSelection({ scope, skuIds, shopId }: SelectionDto): Selection {
  const wrong = (field: string, message: string) => invalid([{ field, message }]);
  if (scope !== 'items' && skuIds !== undefined) throw wrong('skuIds', 'belongs to scope items alone');
  if (scope !== 'shop' && shopId !== undefined) throw wrong('shopId', 'belongs to scope shop alone');
  if (scope === 'all') return { scope };
  if (scope === 'items') {
    if (skuIds === undefined) throw wrong('skuIds', 'is needed for scope items');
    return { scope, skuIds };
  }
  if (shopId === undefined) throw wrong('shopId', 'is needed for scope shop');
  return { scope, shopId };
}
