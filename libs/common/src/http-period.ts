import { ApiPropertyOptional } from '@nestjs/swagger';
import { invalid } from './http-dto.js';
import { IsUtcTime } from './http-time.js';
import { MayBeAbsent } from './http-validation.js';

/** MySQL's first moment. */
export const FIRST_MS = Date.parse('1000-01-01T00:00:00.000Z');

/** A stretch of time in a query. */
export class PeriodDto {
  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    example: '2026-11-01T00:00:00.000Z',
    description: 'from then on',
  })
  @MayBeAbsent()
  @IsUtcTime()
  from?: string;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    example: '2026-11-22T00:00:00.000Z',
    description: 'before then',
  })
  @MayBeAbsent()
  @IsUtcTime()
  to?: string;
}

/** Throws VALIDATION_FAILED for a period that ends before it begins. */
export function toPeriod({ from, to }: PeriodDto): { from?: number; to?: number } {
  const period = {
    ...(from === undefined ? {} : { from: Math.max(Date.parse(from), FIRST_MS) }),
    ...(to === undefined ? {} : { to: Math.max(Date.parse(to), FIRST_MS) }),
  };
  if (period.from !== undefined && period.to !== undefined && period.from > period.to) {
    throw invalid([{ field: 'to', message: 'must not be before from' }]);
  }
  return period;
}
