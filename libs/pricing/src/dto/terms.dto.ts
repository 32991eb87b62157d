import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { invalid, IsUtcTime, MayBeAbsent } from '@app/common';
import { IsScope, ScopeDto } from './scope.dto.js';

const PERCENT = /^(?:100(?:\.0{1,2})?|[1-9][0-9]?(?:\.[0-9]{1,2})?|0\.(?:0[1-9]|[1-9][0-9]?))$/;
const TIME = { type: String, format: 'date-time', nullable: true, example: '2027-11-11T00:00:00.000Z' } as const;

/** What promotions and coupons have in common. */
export class TermsDto {
  @ApiProperty({ type: String, pattern: String.raw`^\P{Cc}{1,255}$`, example: '满500减100' })
  @Matches(/^\P{Cc}{1,255}$/u, { message: '$property must be 1 to 255 characters, no control characters' })
  label!: string;

  @IsScope()
  scope!: ScopeDto;

  @ApiPropertyOptional({ ...TIME, description: 'the first moment it holds, from 1970 on; null: since ever' })
  @IsOptional()
  @IsUtcTime()
  startsAt?: string | null;

  @ApiPropertyOptional({
    ...TIME,
    example: '2027-11-12T00:00:00.000Z',
    description: 'the first moment it no longer holds, after `startsAt`; null: never',
  })
  @IsOptional()
  @IsUtcTime()
  endsAt?: string | null;

  @ApiPropertyOptional({ enum: ['on', 'off'], default: 'on' })
  @MayBeAbsent()
  @IsIn(['on', 'off'])
  status?: 'on' | 'off';
}

/** A percentage: "15", "12.5", "0.01" to "100". */
export function IsPercent(): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ type: String, pattern: PERCENT.source, example: '15', description: 'above 0, up to 100' }),
    Matches(PERCENT, { message: '$property must be a percentage from "0.01" to "100" with at most two places' }),
  );
}

/** "12.5" → 1250. */
export function toHundredths(percent: string): number {
  const [whole = '', places = ''] = percent.split('.');
  return Number(whole) * 100 + Number(places.padEnd(2, '0'));
}

/** 1250 → "12.5". */
export function fromHundredths(hundredths: number): string {
  return String(hundredths / 100);
}

/** Throws `VALIDATION_FAILED` for a time before 1970, or when it would end before it begins; `at` is the path of the terms. */
export function toWindow(
  { startsAt, endsAt }: TermsDto,
  at: string,
): { startsAt: number | null; endsAt: number | null } {
  const window = { startsAt: toMs(startsAt), endsAt: toMs(endsAt) };
  for (const field of ['startsAt', 'endsAt'] as const) {
    if ((window[field] ?? 0) < 0) throw invalid([{ field: `${at}.${field}`, message: 'must not be before 1970' }]);
  }
  if (window.startsAt !== null && window.endsAt !== null && window.endsAt <= window.startsAt) {
    throw invalid([{ field: `${at}.endsAt`, message: 'must be after startsAt' }]);
  }
  return window;
}

function toMs(time: string | null | undefined): number | null {
  return typeof time === 'string' ? Date.parse(time) : null;
}
