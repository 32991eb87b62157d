import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayNotEmpty, Equals, IsArray, IsObject, ValidateNested } from 'class-validator';
import { ID_SCHEMA, invalid, IsId, MayBeAbsent } from '@app/common';
import type { Scope } from '../engine/promotion.js';

const MAX_SKUS = 1_000;

/** What a promotion or coupon is about: exactly one of the three. */
export class ScopeDto {
  @MayBeAbsent()
  @Equals(true)
  platform?: true;

  @IsId({ optional: true })
  shopId?: string;

  @IsId({ each: true, optional: true })
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(MAX_SKUS)
  skuIds?: string[];
}

const only = (name: string, schema: object) => ({ type: 'object', required: [name], properties: { [name]: schema } });
/** For the OpenAPI document; the type named, lest the class of a field take its place. */
export const SCOPE_SCHEMA = {
  type: Object,
  description: 'One shop, some SKUs, or the whole platform.',
  oneOf: [
    only('shopId', ID_SCHEMA),
    only('skuIds', { type: 'array', minItems: 1, maxItems: MAX_SKUS, items: ID_SCHEMA }),
    only('platform', { type: 'boolean', enum: [true] }),
  ],
};

export function IsScope(): PropertyDecorator {
  return applyDecorators(
    ApiProperty(SCOPE_SCHEMA),
    IsObject(),
    ValidateNested(),
    Type(() => ScopeDto),
  );
}

/** Throws `VALIDATION_FAILED` for none or several; `at` is the path of the scope. */
export function toScope({ platform, shopId, skuIds }: ScopeDto, at: string): Scope {
  if ([platform, shopId, skuIds].filter((one) => one !== undefined).length !== 1) {
    throw invalid([{ field: at, message: 'must be one of { platform: true }, { shopId } and { skuIds }' }]);
  }
  if (shopId !== undefined) return { shopId };
  return skuIds === undefined ? { platform: true } : { skuIds: [...new Set(skuIds)] };
}
