import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, Matches, Max, MaxLength, Min } from 'class-validator';
import { ApiCount, IsId, IsMoney, IsQuantity, MayBeAbsent } from '@app/common';
import { fromCents, toCents } from '@app/database';
import { Sku, SkuInput, SkuPatch } from '../sku.js';
import { ProductDto } from './product.dto.js';

const MAX_INT = 2_147_483_647;
const INTEGER = { type: 'integer', nullable: true, maximum: MAX_INT } as const;

/** A text without control characters: JSON would make six of each, and no page shows them. */
const PLAIN_TEXT = { type: String, pattern: String.raw`^\P{Cc}*$` };
const IsPlainText = () => Matches(/^\P{Cc}*$/u, { message: '$property must be a text without control characters' });

/** A whole SKU, as `PUT /v1/admin/skus` takes it. */
export class UpsertSkuDto {
  @IsId()
  skuId!: string;

  @ApiProperty({ ...PLAIN_TEXT, example: '85123A', minLength: 1, maxLength: 64 })
  @Matches(/^\P{Cc}{1,64}$/u)
  skuCode!: string;

  @IsId()
  shopId!: string;

  @ApiPropertyOptional({ ...PLAIN_TEXT, maxLength: 255, nullable: true, example: 'Shop 7', default: '' })
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

  @IsQuantity({ min: 0 })
  stock!: number;

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
  @IsMoney({ optional: true })
  price?: string;

  @IsQuantity({ min: 0, optional: true })
  stock?: number;

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

export class UpsertedDto {
  @ApiCount()
  upserted!: number;
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
}

export function toSkuInput(dto: UpsertSkuDto): SkuInput {
  return {
    skuId: dto.skuId,
    skuCode: dto.skuCode,
    spuId: dto.spuId ?? null,
    shopId: dto.shopId,
    shopName: dto.shopName ?? '',
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

export function toSkuPatch({ price, ...rest }: PatchSkuDto): SkuPatch {
  return price === undefined ? rest : { ...rest, price: toCents(price) };
}

export function toAdminSkuDto({ version: _version, ...sku }: Sku): AdminSkuDto {
  // One that is gone is not found, so it is never read back.
  return { ...sku, price: fromCents(sku.price), status: sku.status === 'on' ? 'on' : 'off' };
}
