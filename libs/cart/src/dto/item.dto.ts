import { ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsInt, Max, Min, NotEquals } from 'class-validator';
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

/** At most one of `quantity` and `delta`, and/or `selected`, but something. */
export class UpdateItemDto {
  @IsQuantity({ min: 0, optional: true, description: 'the new quantity; 0 removes the item' })
  quantity?: number;

  @ApiPropertyOptional({ type: 'integer', example: -1, description: 'a result of 0 or less removes the item' })
  @MayBeAbsent()
  @IsInt()
  @NotEquals(0)
  @Min(-MAX_DELTA)
  @Max(MAX_DELTA)
  delta?: number;

  @IsFlag({ optional: true })
  selected?: boolean;
}

export class RemoveItemsDto {
  @IsArray()
  @ArrayMaxSize(1000)
  @IsId({ each: true })
  skuIds!: string[];
}
