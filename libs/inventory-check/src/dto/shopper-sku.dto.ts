import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { ApiCount, ApiId, IsId, MayBeAbsent } from '@app/common';
import { fromCents } from '@app/database';
import { InventoryCheck } from '../inventory-check.js';
import { Sku, SkuFilter } from '../sku.js';
import { ProductDto } from './product.dto.js';

/** The query of `GET /v1/skus`. */
export class ListSkusDto {
  @ApiPropertyOptional({
    maxLength: 100,
    pattern: String.raw`^\P{Cc}*$`,
    example: 'lantern',
    description: 'a part of the name or of the skuCode, whatever the case; blank: no search',
  })
  @MayBeAbsent()
  @Matches(/^\P{Cc}{0,100}$/u, { message: '$property must be a text of at most 100 characters, no control characters' })
  q?: string;

  @IsId({ optional: true, description: 'SKUs of this shop' })
  shopId?: string;

  @IsId({ optional: true, description: 'SKUs of this product' })
  spuId?: string;

  @IsId({ optional: true, description: 'the `next` of the page before' })
  cursor?: string;
}

export class SkuStockDto {
  @ApiProperty({ enum: ['in_stock', 'low', 'out'] })
  state!: 'in_stock' | 'low' | 'out';

  @ApiCount({ example: 41 })
  available!: number;
}

export class SkuLimitsDto {
  @ApiCount({
    minimum: 1,
    example: 99,
    description: 'the most of it in a cart: smaller of the service’s and the SKU’s limit; stock is not part of it',
  })
  maximum!: number;
}

/** A SKU as shoppers see it. */
export class ShopperSkuDto extends ProductDto {
  @ApiProperty()
  stock!: SkuStockDto;

  @ApiProperty()
  limits!: SkuLimitsDto;
}

export class SkuWithVariantsDto extends ShopperSkuDto {
  @ApiProperty({
    type: [ShopperSkuDto],
    maxItems: 100,
    description: 'the other SKUs of the same product on the shelf, this one not included; [] without a product',
  })
  variants!: ShopperSkuDto[];
}

export class SkuPageDto {
  @ApiProperty({ type: [ShopperSkuDto], maxItems: 50, description: 'in the order of ids' })
  skus!: ShopperSkuDto[];

  @ApiId({
    nullable: true,
    example: '100051',
    description:
      'the `cursor` of the next page; null: nothing follows. A search through a large catalogue may answer few SKUs, ' +
      'or none, and still have a next page.',
  })
  next!: string | null;
}

export function toSkuFilter({ q, shopId, spuId }: ListSkusDto): SkuFilter {
  return { text: q?.trim() || undefined, shopId, spuId };
}

export function toShopperSkuDto(sku: Sku, inventory: InventoryCheck): ShopperSkuDto {
  const { skuId, skuCode, spuId, shopId, shopName, name, image, spec } = sku;
  return {
    ...{ skuId, skuCode, spuId, shopId, shopName, name, image, spec },
    price: fromCents(sku.price),
    stock: inventory.availabilityOf(sku),
    limits: { maximum: inventory.maximumOf(sku) },
  };
}
