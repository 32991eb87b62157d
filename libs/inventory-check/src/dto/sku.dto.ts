import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, Matches, Max, MaxLength, Min, NotEquals } from 'class-validator';
import { ApiCount, ApiId, ApiVersion, invalid, IsId, IsMoney, IsPageSize, IsQuantity, MayBeAbsent } from '@app/common';
import { fromCents, toCents } from '@app/database';
import { ShopSku, ShopSkuFilter, SkuInput, SkuPatch } from '../sku.js';
import { ProductDto } from './product.dto.js';
import { IsSearchText } from './search-text.js';

const MAX_INT = 2_147_483_647;
const INTEGER = { type: 'integer', nullable: true, maximum: MAX_INT } as const;

/** A text without control characters: JSON would make six of each, and no page shows them. */
const PLAIN_TEXT = { type: String, pattern: String.raw`^\P{Cc}*$` };
const IsPlainText = () => Matches(/^\P{Cc}*$/u, { message: '$property must be a text without control characters' });

/** A whole SKU, as `PUT /v1/admin/skus` takes it. */
export class UpsertSkuDto {
  @IsId({ optional: true, description: 'left out: the SKU with this skuCode, or a new one that gets a number' })
  skuId?: string;

  @ApiProperty({ ...PLAIN_TEXT, example: '85123A', minLength: 1, maxLength: 64 })
  @Matches(/^\P{Cc}{1,64}$/u)
  skuCode!: string;

  @IsId({ optional: true, description: 'left out: a SKU that is known keeps its shop, a new one is of shop 1' })
  shopId?: string;

  @ApiPropertyOptional({
    ...PLAIN_TEXT,
    maxLength: 255,
    nullable: true,
    example: 'Shop 7',
    description: 'left out together with shopId: a SKU that is known keeps it; else empty',
  })
  @IsOptional()
  @IsPlainText()
  @MaxLength(255)
  shopName?: string;

  @ApiProperty({
    ...PLAIN_TEXT,
    maxLength: 255,
    example: 'White metal lantern',
    description: 'an empty name becomes the skuCode',
  })
  @IsPlainText()
  @MaxLength(255)
  name!: string;

  @ApiPropertyOptional({ ...PLAIN_TEXT, maxLength: 2048, nullable: true, default: '' })
  @IsOptional()
  @IsPlainText()
  @MaxLength(2048)
  image?: string;

  @ApiPropertyOptional({ ...PLAIN_TEXT, maxLength: 255, nullable: true, example: 'red, 42', default: '' })
  @IsOptional()
  @IsPlainText()
  @MaxLength(255)
  spec?: string;

  @IsMoney()
  price!: string;

  @IsQuantity({ min: 0, optional: true, description: 'left out: a SKU that is known keeps its stock, a new one has 0' })
  stock?: number;

  @ApiPropertyOptional({ ...INTEGER, minimum: 0, description: "null: the service's LOW_STOCK_THRESHOLD" })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_INT)
  lowStockThreshold?: number | null;

  @ApiPropertyOptional({ ...INTEGER, minimum: 1, description: 'null: no limit of its own' })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_INT)
  purchaseLimit?: number | null;

  @ApiProperty({ enum: ['on', 'off'] })
  @IsIn(['on', 'off'])
  status!: 'on' | 'off';

  @ApiPropertyOptional({ type: String, nullable: true, description: 'the product whose variant this SKU is' })
  @IsOptional()
  @IsId()
  spuId?: string | null;
}

/** Some fields of a SKU, as `PATCH /v1/admin/skus/:skuId` takes them. What is left out stays. */
export class PatchSkuDto {
  @ApiPropertyOptional({ ...PLAIN_TEXT, example: '85123A', minLength: 1, maxLength: 64 })
  @MayBeAbsent()
  @Matches(/^\P{Cc}{1,64}$/u)
  skuCode?: string;

  @IsId({ optional: true })
  shopId?: string;

  @ApiPropertyOptional({ type: String, nullable: true, description: 'null: a variant of no product' })
  @IsOptional()
  @IsId()
  spuId?: string | null;

  @IsMoney({ optional: true })
  price?: string;

  @IsQuantity({ min: 0, optional: true })
  stock?: number;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: -MAX_INT,
    maximum: MAX_INT,
    example: -3,
    not: { enum: [0] },
    description: 'added to the stock as it is at that moment, instead of `stock`; not 0',
  })
  @MayBeAbsent()
  @IsInt()
  @NotEquals(0)
  @Min(-MAX_INT)
  @Max(MAX_INT)
  stockDelta?: number;

  @ApiPropertyOptional({ enum: ['on', 'off'] })
  @MayBeAbsent()
  @IsIn(['on', 'off'])
  status?: 'on' | 'off';

  @ApiPropertyOptional({ ...INTEGER, minimum: 0 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_INT)
  lowStockThreshold?: number | null;

  @ApiPropertyOptional({ ...INTEGER, minimum: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_INT)
  purchaseLimit?: number | null;

  @ApiPropertyOptional({ ...PLAIN_TEXT, maxLength: 255 })
  @MayBeAbsent()
  @IsPlainText()
  @MaxLength(255)
  name?: string;

  @ApiPropertyOptional({ ...PLAIN_TEXT, maxLength: 2048 })
  @MayBeAbsent()
  @IsPlainText()
  @MaxLength(2048)
  image?: string;

  @ApiPropertyOptional({ ...PLAIN_TEXT, maxLength: 255 })
  @MayBeAbsent()
  @IsPlainText()
  @MaxLength(255)
  spec?: string;

  @ApiPropertyOptional({ ...PLAIN_TEXT, maxLength: 255 })
  @MayBeAbsent()
  @IsPlainText()
  @MaxLength(255)
  shopName?: string;
}

/** What the fields of {@link PatchSkuDto} cannot say one by one. */
export const PATCH_RULE = { not: { required: ['stock', 'stockDelta'] } };

export class NumberedSkuDto {
  @ApiProperty({ example: '85123A' })
  skuCode!: string;

  @ApiId()
  skuId!: string;
}

export class UpsertedDto {
  @ApiCount()
  upserted!: number;

  @ApiProperty({ type: [NumberedSkuDto], maxItems: 1000, description: 'each SKU once, as first named in the request' })
  skus!: NumberedSkuDto[];
}

/** The query of `GET /v1/admin/skus`. */
export class ListShopSkusDto {
  @IsSearchText()
  q?: string;

  @IsId({ optional: true, description: 'SKUs of this shop' })
  shopId?: string;

  @ApiPropertyOptional({ enum: ['on', 'off'] })
  @MayBeAbsent()
  @IsIn(['on', 'off'])
  status?: 'on' | 'off';

  @IsId({ optional: true, description: 'the `next` of the page before' })
  cursor?: string;

  @IsPageSize()
  limit?: string;
}

/** A SKU as an operator reads it back. */
export class AdminSkuDto extends ProductDto {
  @ApiCount({ example: 41 })
  stock!: number;

  @ApiCount({ nullable: true, example: 5, description: "null: the service's LOW_STOCK_THRESHOLD" })
  lowStockThreshold!: number | null;

  @ApiCount({ nullable: true, minimum: 1, example: 10, description: 'null: no limit of its own' })
  purchaseLimit!: number | null;

  @ApiProperty({ enum: ['on', 'off'] })
  status!: 'on' | 'off';

  @ApiVersion({
    example: '3',
    description: 'grows with what the shop writes, not with what orders take; for `If-Match`',
  })
  version!: string;
}

export class AdminSkuPageDto {
  @ApiProperty({ type: [AdminSkuDto], maxItems: 100, description: 'the latest added first' })
  skus!: AdminSkuDto[];

  @ApiId({
    nullable: true,
    example: '4711',
    description:
      'the `cursor` of the next page; null: nothing follows. A page may have few SKUs, even none, and a next',
  })
  next!: string | null;
}

export function toSkuInput(dto: UpsertSkuDto): SkuInput {
  return {
    skuId: dto.skuId,
    skuCode: dto.skuCode,
    spuId: dto.spuId ?? null,
    shopId: dto.shopId,
    shopName: dto.shopName ?? undefined,
    name: dto.name || dto.skuCode,
    image: dto.image ?? '',
    spec: dto.spec ?? '',
    price: toCents(dto.price),
    stock: dto.stock,
    lowStockThreshold: dto.lowStockThreshold ?? null,
    purchaseLimit: dto.purchaseLimit ?? null,
    status: dto.status,
  };
}

/** Throws `VALIDATION_FAILED` for both a stock and a change of it. */
export function toSkuPatch({ price, ...rest }: PatchSkuDto): SkuPatch {
  if (rest.stock !== undefined && rest.stockDelta !== undefined) {
    throw invalid([{ field: 'stockDelta', message: 'must not stand beside stock' }]);
  }
  return price === undefined ? rest : { ...rest, price: toCents(price) };
}

export function toShopSkuFilter({ q, shopId, status }: ListShopSkusDto): ShopSkuFilter {
  return { text: q?.trim() || undefined, shopId, status };
}

export function toAdminSkuDto(sku: ShopSku): AdminSkuDto {
  const { skuId, skuCode, spuId, shopId, shopName, name, image, spec, stock, lowStockThreshold, purchaseLimit } = sku;
  return {
    ...{ skuId, skuCode, spuId, shopId, shopName, name, image, spec, stock, lowStockThreshold, purchaseLimit },
    price: fromCents(sku.price),
    // One that is gone is not found, so it is never read back.
    status: sku.status === 'on' ? 'on' : 'off',
    version: String(sku.edition),
  };
}
