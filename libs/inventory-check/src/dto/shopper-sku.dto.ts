import { ApiProperty } from '@nestjs/swagger';
import { ApiCount, ApiId, IsId, IsPageSize } from '@app/common';
import { fromCents } from '@app/database';
import { InventoryCheck } from '../inventory-check.js';
import { Sku, SkuFilter } from '../sku.js';
import { ProductDto } from './product.dto.js';
import { IsSearchText } from './search-text.js';

/** The query of `GET /v1/skus`. */
export class ListSkusDto {
  @IsSearchText()
  q?: string;

  @IsId({ optional: true, description: 'SKUs of this shop' })
  shopId?: string;

  @IsId({ optional: true, description: 'SKUs of this product' })
  spuId?: string;

  @IsId({ optional: true, description: 'the `next` of the page before' })
  cursor?: string;

  @IsPageSize()
  limit?: string;
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
  @ApiProperty({ type: [ShopperSkuDto], maxItems: 100, description: 'in the order of ids' })
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
