import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsString } from 'class-validator';
import { CartDto, MergeSelect, MergeStrategy, ResultLine } from '@app/cart';
import { ApiCount, ApiId, MayBeAbsent } from '@app/common';

const STRATEGIES = ['sum', 'overwrite', 'skip', 'max'] as const satisfies readonly MergeStrategy[];
const SELECTS = ['keep', 'unselected'] as const satisfies readonly MergeSelect[];
const OUTCOMES = ['added', 'summed', 'overwritten', 'kept', 'clipped', 'rejected'] as const;

export class MergeDto {
  @ApiProperty({ description: 'The guest cart to bring in: what `POST /v1/guest-carts` issued.' })
  @IsString()
  clientCartId!: string;

  @ApiPropertyOptional({
    enum: STRATEGIES,
    default: 'sum',
    description: 'For a SKU both carts hold: add up, the guest wins, the user wins, or the larger quantity.',
  })
  @MayBeAbsent()
  @IsIn(STRATEGIES)
  strategy?: MergeStrategy;

  @ApiPropertyOptional({
    enum: SELECTS,
    default: 'keep',
    description:
      'unselected: what the user had before enters unselected, such as for a login in the middle of a checkout.',
  })
  @MayBeAbsent()
  @IsIn(SELECTS)
  select?: MergeSelect;
}

/** What became of one item of the guest. */
export class MergedItemDto {
  @ApiId()
  skuId!: string;

  @ApiProperty({ enum: OUTCOMES })
  outcome!: (typeof OUTCOMES)[number];

  @ApiCount({ description: 'what is in the cart now', example: 99 })
  quantity!: number;

  @ApiCount({ description: 'before the limits', example: 104 })
  requested!: number;
}

export class MergeResultDto {
  @ApiProperty({ description: 'the same for every merge of this guest cart by this user', example: 'b3Zlcg' })
  id!: string;

  @ApiProperty({ description: 'the merge was made before; `items` is what it came to then' })
  replayed!: boolean;

  @ApiProperty({ type: [MergedItemDto], description: 'the guest’s items, newest first; empty when there was no cart' })
  items!: MergedItemDto[];

  @ApiProperty({ description: 'false: MySQL is away, the queue brings it there later' })
  persisted!: boolean;
}

export class MergedCartDto extends CartDto {
  @ApiProperty()
  merge!: MergeResultDto;
}

/** The lines of `apply-merge`: "- applied|replayed", then "sku outcome quantity requested". */
export function toMergeResult(id: string, lines: readonly ResultLine[], persisted: boolean): MergeResultDto {
  const [head, ...items] = lines;
  return {
    id,
    replayed: head?.words[0] === 'replayed',
    items: items.map(({ skuId, words: [outcome, quantity, requested] }) => ({
      skuId,
      outcome: outcome as MergedItemDto['outcome'],
      quantity: Number(quantity),
      requested: Number(requested),
    })),
    persisted,
  };
}
