import { ApiProperty } from '@nestjs/swagger';
import { CartItem, fromCents } from '@app/database';
import { ItemDiff } from '../sync.plan.js';

export class SyncResultDto {
  @ApiProperty({ example: 2, description: 'rows that were missing, different or older' })
  written!: number;

  @ApiProperty({ example: 0, description: 'removals MySQL had not heard of' })
  softDeleted!: number;

  @ApiProperty({ example: 5 })
  unchanged!: number;

  @ApiProperty({ example: '1763790000000001' })
  version!: string;
}

export class ComparedItemDto {
  @ApiProperty()
  quantity!: number;

  @ApiProperty()
  selected!: boolean;

  @ApiProperty({ example: '2.55' })
  addPrice!: string;

  @ApiProperty()
  addedAt!: string;

  @ApiProperty()
  updatedAt!: string;

  @ApiProperty()
  position!: string;

  @ApiProperty()
  version!: string;

  @ApiProperty({ type: Object })
  snapshot!: object;
}

export class ItemDiffDto {
  @ApiProperty({ example: '100001' })
  skuId!: string;

  @ApiProperty({ type: ComparedItemDto, nullable: true })
  redis!: ComparedItemDto | null;

  @ApiProperty({ type: ComparedItemDto, nullable: true })
  mysql!: ComparedItemDto | null;

  @ApiProperty()
  equal!: boolean;
}

export class CartDiffDto {
  @ApiProperty()
  inSync!: boolean;

  @ApiProperty()
  version!: string;

  @ApiProperty({ type: [ItemDiffDto] })
  items!: ItemDiffDto[];
}

export function toCartDiffDto(diff: { inSync: boolean; version: string; items: ItemDiff[] }): CartDiffDto {
  return {
    inSync: diff.inSync,
    version: diff.version,
    items: diff.items.map(({ skuId, redis, mysql, equal }) => ({
      skuId,
      redis: toComparedItemDto(redis),
      mysql: toComparedItemDto(mysql),
      equal,
    })),
  };
}

function toComparedItemDto(item: CartItem | null): ComparedItemDto | null {
  if (!item) return null;
  return {
    quantity: item.quantity,
    selected: item.selected,
    addPrice: fromCents(item.addPrice),
    addedAt: new Date(item.addedAt).toISOString(),
    updatedAt: new Date(item.changedAt).toISOString(),
    position: item.position,
    version: item.version,
    snapshot: item.snapshot,
  };
}
