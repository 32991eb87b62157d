import { applyDecorators, type Type } from '@nestjs/common';
import { ApiBody, ApiExtraModels, ApiProperty, type ApiPropertyOptions, getSchemaPath } from '@nestjs/swagger';
import { ASCII_TOKEN, ID } from './http-validation.js';

type Options = Pick<ApiPropertyOptions, 'description' | 'example' | 'nullable' | 'isArray'> & { required?: boolean };

/** An id in the OpenAPI document. */
export const ID_SCHEMA = { type: 'string', pattern: ID.source, example: '100001' } as const;

/** The name of a promotion or coupon in the OpenAPI document. */
export const TOKEN_SCHEMA = { type: 'string', pattern: ASCII_TOKEN.source, example: 'spring-sale' } as const;

/** An id in an answer: the decimal string of a user, SKU, shop or order. */
export function ApiId(options: Options = {}): PropertyDecorator {
  return property(ID_SCHEMA, options);
}

/** Money in an answer: a decimal string with two places; sums may be larger than any price. */
export function ApiMoney(options: Options = {}): PropertyDecorator {
  return property({ type: 'string', pattern: String.raw`^(?:0|[1-9][0-9]*)\.[0-9]{2}$`, example: '12.50' }, options);
}

/** The version of a cart in an answer: a decimal string that only grows, "0" for a cart that never was. */
export function ApiVersion(options: Options = {}): PropertyDecorator {
  return property({ type: 'string', pattern: '^(?:0|[1-9][0-9]{0,18})$', example: '1763790000000001' }, options);
}

/** A time in an answer: ISO 8601, UTC, milliseconds. */
export function ApiTime(options: Options = {}): PropertyDecorator {
  const pattern = String.raw`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$`;
  return property({ type: 'string', format: 'date-time', pattern, example: '2026-11-22T08:00:00.000Z' }, options);
}

/** A whole number in an answer, 0 or more (or `minimum`). */
export function ApiCount(options: Options & { minimum?: number } = {}): PropertyDecorator {
  return property({ type: 'integer', minimum: 0, example: 1 }, options);
}

function property(schema: ApiPropertyOptions, options: Options): PropertyDecorator {
  const merged = { ...schema, ...options } as ApiPropertyOptions & { isArray?: boolean; example?: unknown };
  if (merged.isArray && !Array.isArray(merged.example)) merged.example = [merged.example];
  return ApiProperty(merged);
}

/** A body whose fields depend on each other: `rule` is JSON Schema beside that of the DTO. */
export function ApiBodyRule(type: Type, rule: Record<string, unknown>): MethodDecorator {
  const schema = { allOf: [{ $ref: getSchemaPath(type) }], ...rule };
  return applyDecorators(ApiExtraModels(type), ApiBody({ schema }));
}
