import { ApiProperty } from '@nestjs/swagger';
import { ApiCount, ApiId, ApiMoney, ApiTime, ApiVersion } from '@app/common';
import { CartItem, fromCents } from '@app/database';
import { ItemDiff } from '../sync.plan.js';

export class SyncResultDto {
  @ApiCount({ example: 2, description: 'rows that were missing, different or older' })
  written!: number;

  @ApiCount({ example: 0, description: 'removals MySQL had not heard of' })
  softDeleted!: number;

  @ApiCount({ example: 5 })
  unchanged!: number;

  @ApiVersion()
  version!: string;
}

export class WrittenCartDto {
  @ApiVersion({ description: 'MySQL has the cart in this version, or a later one' })
  version!: string;
}

/** The item as it is stored: what the catalogue said when the shopper saw it. */
export class StoredSnapshotDto {
  @ApiProperty()
  name!: string;

  @ApiProperty()
  image!: string;

  @ApiProperty()
  spec!: string;

  @ApiId({ example: '7' })
  shopId!: string;

  @ApiProperty({ example: '85123A' })
  skuCode!: string;
}

export class ComparedItemDto {
  @ApiCount({ minimum: 1, example: 2 })
  quantity!: number;

  @ApiProperty()
  selected!: boolean;

  @ApiMoney({ example: '2.55' })
  addPrice!: string;

  @ApiTime()
  addedAt!: string;

  @ApiTime()
  updatedAt!: string;

  @ApiVersion({ example: '1763790000000001000', description: 'higher was added later' })
  position!: string;

  @ApiVersion()
  version!: string;

  @ApiProperty()
  snapshot!: StoredSnapshotDto;
}

export class ItemDiffDto {
  @ApiId()
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

  @ApiVersion()
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
