import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { invalid } from './http-dto.js';
import { ASCII_TOKEN, isId } from './http-validation.js';

/** An id in the path: `@Param('skuId', ParseIdPipe) skuId: string`. */
@Injectable()
export class ParseIdPipe implements PipeTransform<unknown, string> {
  transform(value: unknown, { data }: ArgumentMetadata): string {
    if (isId(value)) return value;
    throw invalid([{ field: data ?? '', message: 'must be an id from "1" to "9223372036854775807"' }]);
  }
}

/** The name of a promotion or coupon in the path: `@Param('couponId', ParseTokenPipe) couponId: string`. */
@Injectable()
export class ParseTokenPipe implements PipeTransform<unknown, string> {
  transform(value: unknown, { data }: ArgumentMetadata): string {
    if (typeof value === 'string' && ASCII_TOKEN.test(value)) return value;
    throw invalid([{ field: data ?? '', message: 'must be 1 to 64 of A-Z a-z 0-9 _ -' }]);
  }
}
