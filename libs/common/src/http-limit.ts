import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { MayBeAbsent } from './http-validation.js';

const DEFAULT = 50;
const MOST = 100;

/** `?limit=` of a list: 1 to 100, 50 when left out. {@link pageSize} makes a number of it. */
export function IsPageSize(): PropertyDecorator {
  return applyDecorators(
    MayBeAbsent(),
    Matches(/^(?:[1-9][0-9]?|100)$/, { message: `$property must be a whole number from 1 to ${MOST}` }),
    ApiPropertyOptional({
      type: 'integer',
      minimum: 1,
      maximum: MOST,
      default: DEFAULT,
      description: 'the most entries of a page',
    }),
  );
}

export function pageSize(limit: string | undefined): number {
  return limit === undefined ? DEFAULT : Number(limit);
}
