import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import { ApiCount, ApiTime, IsUtcTime, MayBeAbsent } from '@app/common';
import { CartLimits, Limits } from '../limits.js';

const MAX_SKUS = 10_000;
const MAX_QUANTITY = 2_147_483_647;
/** Limits as an operator sets them and the `setting` table keeps them. */
export class CartLimitsInput implements CartLimits {
  @ApiProperty({ type: 'integer', minimum: 1, maximum: MAX_SKUS, example: 500 })
  @IsInt()
  @Min(1)
  @Max(MAX_SKUS)
  maxSkus!: number;

  @ApiProperty({ type: 'integer', minimum: 1, maximum: MAX_QUANTITY, example: 999 })
  @IsInt()
  @Min(1)
  @Max(MAX_QUANTITY)
  maxQuantityPerSku!: number;
}

/** The body of `PUT /v1/admin/limits`. */
export class PutLimitsDto extends CartLimitsInput {
  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    example: '2027-11-12T00:00:00.000Z',
    description: 'when the defaults hold again: a moment ahead, in UTC. Without it the limits hold until deleted.',
  })
  @MayBeAbsent()
  @IsUtcTime()
  until?: string;
}

export class DefaultLimitsDto {
  @ApiCount({ minimum: 1, example: 120 })
  maxSkus!: number;

  @ApiCount({ minimum: 1, example: 99 })
  maxQuantityPerSku!: number;
}

/** The limits in force now. */
export class LimitsDto extends DefaultLimitsDto {
  @ApiTime({
    nullable: true,
    example: '2027-11-12T00:00:00.000Z',
    description: 'when the defaults hold again; null: they hold now, or no end is set',
  })
  until!: string | null;

  @ApiProperty({ description: 'an operator has set these limits, they are not the defaults' })
  overridden!: boolean;

  @ApiProperty({ description: 'MAX_SKUS and MAX_QUANTITY_PER_SKU of the service' })
  defaults!: DefaultLimitsDto;
}

export function toLimitsDto(limits: Limits): LimitsDto {
  const window = limits.currentWindow();
  return {
    ...(window?.limits ?? limits.defaults),
    until: window && window.endsAt !== null ? new Date(window.endsAt).toISOString() : null,
    overridden: window !== undefined,
    defaults: limits.defaults,
  };
}
