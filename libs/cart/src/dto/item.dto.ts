import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, IsInt, IsObject, Max, Min, NotEquals, ValidateNested } from 'class-validator';
import { IsFlag, IsId, IsQuantity, MayBeAbsent } from '@app/common';

const MAX_DELTA = 2_147_483_647;

export class AddItemDto {
  @IsId()
  skuId!: string;

  @IsQuantity()
  quantity!: number;

  @IsFlag({ optional: true, description: 'of a new item; an item that is there keeps its flag' })
  selected?: boolean;
}

export class BatchItemDto {
  @IsId()
  skuId!: string;

  @IsQuantity()
  quantity!: number;
}

const MODES = ['atomic', 'partial'] as const;

export class AddItemsDto {
  @ApiProperty({ type: [BatchItemDto], maxItems: 100, description: 'quantities of the same SKU add up' })
  @IsArray()
  @ArrayMaxSize(100)
  // ValidateNested alone takes a list for an object.
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => BatchItemDto)
  items!: BatchItemDto[];

  @ApiPropertyOptional({ enum: MODES, default: 'atomic', description: 'all or nothing, or those that may be added' })
  @MayBeAbsent()
  @IsIn(MODES)
  mode?: (typeof MODES)[number];
}

export class ChangeSpecDto {
  @IsId({ description: 'the SKU to put in the place' })
  skuId!: string;
}

/** At most one of `quantity` and `delta`, and/or `selected`, but something. */
export class UpdateItemDto {
  @IsQuantity({ min: 0, optional: true, description: 'the new quantity; 0 removes the item' })
  quantity?: number;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: -MAX_DELTA,
    maximum: MAX_DELTA,
    example: -1,
    not: { enum: [0] },
    description: 'not 0; a result of 0 or less removes the item',
  })
  @MayBeAbsent()
  @IsInt()
  @NotEquals(0)
  @Min(-MAX_DELTA)
  @Max(MAX_DELTA)
  delta?: number;

  @IsFlag({ optional: true })
  selected?: boolean;
}

/** What the fields of {@link UpdateItemDto} cannot say one by one. */
export const UPDATE_RULE = { minProperties: 1, not: { required: ['quantity', 'delta'] } };

export class RemoveItemsDto {
  @IsId({ each: true })
  @IsArray()
  @ArrayMaxSize(1000)
  @ApiProperty({ maxItems: 1000 })
  skuIds!: string[];
}
