import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { MayBeAbsent } from '@app/common';

/** `?q=` of a list of SKUs. */
export function IsSearchText(): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({
      maxLength: 100,
      pattern: String.raw`^\P{Cc}*$`,
      example: 'lantern',
      description:
        'A part of the name or of the skuCode. Case, accents and composition do not count; all other characters that ' +
        'Unicode’s default collation tells apart do. Blank: no search.',
    }),
    MayBeAbsent(),
    Matches(/^\P{Cc}{0,100}$/u, {
      message: '$property must be a text of at most 100 characters, no control characters',
    }),
  );
}
