import { ApiProperty } from '@nestjs/swagger';
import { ApiCount, ApiId, ErrorCode } from '@app/common';
import { detailOf } from '../cart.errors.js';
import { ResultLine } from '../cart.result.js';
import { CartDto } from './cart.dto.js';

const REFUSALS = [
  'SKU_NOT_FOUND',
  'SKU_OFF_SHELF',
  'QUANTITY_LIMIT',
  'OUT_OF_STOCK',
  'INSUFFICIENT_STOCK',
  'CART_FULL',
] as const;

/** What a batch came to for one SKU. */
export class BatchResultDto {
  @ApiId()
  skuId!: string;

  @ApiProperty({ enum: ['ok', 'rejected'] })
  status!: 'ok' | 'rejected';

  @ApiProperty({ enum: REFUSALS, required: false, description: 'why it was rejected' })
  code?: ErrorCode;

  @ApiCount({ required: false, example: 99 })
  maximum?: number;

  @ApiCount({ required: false, example: 100 })
  requested?: number;

  @ApiCount({ required: false, example: 3 })
  available?: number;
}

/** One result per SKU of the call, in the order they were first named. */
export function toBatchResults(skuIds: readonly string[], refused: readonly ResultLine[]): BatchResultDto[] {
  const reasons = new Map(refused.map((line) => [line.skuId, detailOf(line)]));
  return skuIds.map((skuId) => {
    const reason = reasons.get(skuId);
    return reason ? { ...reason, skuId, status: 'rejected' } : { skuId, status: 'ok' };
  });
}

/** An item that came back cut, or not at all. */
export class UndoResultDto {
  @ApiId()
  skuId!: string;

  @ApiProperty({ enum: ['clipped', 'rejected'] })
  status!: 'clipped' | 'rejected';

  @ApiProperty({ enum: ['QUANTITY_LIMIT', 'CART_FULL'] })
  code!: 'QUANTITY_LIMIT' | 'CART_FULL';

  @ApiCount({ description: 'what came back', example: 5 })
  quantity!: number;
}

export class BatchCartDto extends CartDto {
  @ApiProperty({ type: [BatchResultDto], description: 'one per SKU, in the order they were first named' })
  results!: BatchResultDto[];
}

export class UndoneCartDto extends CartDto {
  @ApiProperty({ type: [UndoResultDto], description: 'what did not come back whole' })
  results!: UndoResultDto[];
}
