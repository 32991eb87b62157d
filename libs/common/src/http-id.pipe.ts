import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { invalid } from './http-dto.js';
import { isId } from './http-validation.js';

/** An id in the path: `@Param('skuId', ParseIdPipe) skuId: string`. */
@Injectable()
export class ParseIdPipe implements PipeTransform<unknown, string> {
  transform(value: unknown, { data }: ArgumentMetadata): string {
    if (isId(value)) return value;
    throw invalid([{ field: data ?? '', message: 'must be an id from "1" to "9223372036854775807"' }]);
  }
}
