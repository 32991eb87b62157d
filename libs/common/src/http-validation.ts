import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { ValidateBy, ValidateIf } from 'class-validator';

const MAX_ID = '9223372036854775807';
const MAX_QUANTITY = 2_147_483_647;
/** What {@link IsAsciiToken} takes. */
export const ASCII_TOKEN = /^[A-Za-z0-9_-]{1,64}$/;
export const ID = /^[1-9][0-9]{0,18}$/;
const MONEY = /^(?:0|[1-9][0-9]{0,7})\.[0-9]{2}$/;
const POSITIVE_MONEY = /^(?!0\.00$)(?:0|[1-9][0-9]{0,7})\.[0-9]{2}$/;
/** What many units of many SKUs come to; in cents still an exact JavaScript number. */
const TOTAL_MONEY = /^(?:0|[1-9][0-9]{0,12})\.[0-9]{2}$/;

export interface FieldOptions {
  /** The field may be absent. null is not absence: it is refused. */
  optional?: boolean;
  /** The field is an array and each of its values is checked. Bound its length with `@ArrayMaxSize`. */
  each?: boolean;
  description?: string;
}

/** Whether `value` is an id: a canonical decimal string from "1" to "9223372036854775807", never a number. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value) && (value.length < MAX_ID.length || value <= MAX_ID);
}

/** An id (user, SKU, shop, order): see {@link isId}. */
export function IsId(options: FieldOptions = {}): PropertyDecorator {
  return field(
    options,
    { type: 'string', pattern: ID.source, example: '100001' },
    'isId',
    isId,
    `an id from "1" to "${MAX_ID}"`,
  );
}

/** Money: a decimal string with two places, "0.00" (`positive`: "0.01") to "99999999.99". */
export function IsMoney(options: FieldOptions & { positive?: boolean } = {}): PropertyDecorator {
  const pattern = options.positive ? POSITIVE_MONEY : MONEY;
  return money(options, pattern, `"${options.positive ? '0.01' : '0.00'}" to "99999999.99"`);
}

/** What a whole cart comes to: as {@link IsMoney}, "0.00" to "9999999999999.99". */
export function IsTotal(options: FieldOptions = {}): PropertyDecorator {
  return money(options, TOTAL_MONEY, '"0.00" to "9999999999999.99"');
}

/** A quantity: a JSON integer from 1 (or `min`) to 2^31 − 1. Numeric strings are refused. */
export function IsQuantity(options: FieldOptions & { min?: number } = {}): PropertyDecorator {
  const minimum = options.min ?? 1;
  // Object.is: JSON's -0 is an integer to JavaScript, yet no quantity anybody means.
  const check = (value: unknown) =>
    Number.isInteger(value) &&
    (value as number) >= minimum &&
    (value as number) <= MAX_QUANTITY &&
    !Object.is(value, -0);
  const schema = { type: 'integer', minimum, maximum: MAX_QUANTITY, example: 1 } as const;
  return field(options, schema, 'isQuantity', check, `an integer from ${minimum} to ${MAX_QUANTITY}`);
}

/** A name the shop or the operator chose: 1 to 64 (or `max`) of `A-Z a-z 0-9 _ -`. */
export function IsAsciiToken(options: FieldOptions & { max?: number } = {}): PropertyDecorator {
  const max = options.max ?? 64;
  const pattern = new RegExp(`^[A-Za-z0-9_-]{1,${max}}$`);
  const check = (value: unknown) => typeof value === 'string' && pattern.test(value);
  return field(
    options,
    { type: 'string', pattern: pattern.source },
    'isAsciiToken',
    check,
    `1 to ${max} of A-Z a-z 0-9 _ -`,
  );
}

/** true or false; "true" and 1 are refused. */
export function IsFlag(options: FieldOptions = {}): PropertyDecorator {
  return field(options, { type: 'boolean' }, 'isFlag', (value) => typeof value === 'boolean', 'true or false');
}

/**
 * The field may be absent, but not null. class-validator's IsOptional lets null through to code that only expects
 * undefined.
 */
export function MayBeAbsent(): PropertyDecorator {
  return ValidateIf((_object, value) => value !== undefined);
}

function money(options: FieldOptions, pattern: RegExp, range: string): PropertyDecorator {
  const check = (value: unknown) => typeof value === 'string' && pattern.test(value);
  const schema = { type: 'string', pattern: pattern.source, example: '12.50' } as const;
  return field(options, schema, 'isMoney', check, `a decimal string from ${range}`);
}

function field(
  options: FieldOptions,
  schema: ApiPropertyOptions,
  name: string,
  check: (value: unknown) => boolean,
  expected: string,
): PropertyDecorator {
  const { each = false, optional = false, description } = options;
  const defaultMessage = () => `${each ? 'each value of ' : ''}$property must be ${expected}`;
  return applyDecorators(
    ...(optional ? [MayBeAbsent()] : []),
    ValidateBy({ name, validator: { validate: check, defaultMessage } }, { each }),
    ApiProperty({ ...shown(schema, each), required: !optional, isArray: each, description } as ApiPropertyOptions),
  );
}

/** The example of an array is an array. */
function shown(schema: ApiPropertyOptions, each: boolean): ApiPropertyOptions {
  const { example } = schema as { example?: unknown };
  return each && example !== undefined ? { ...schema, example: [example] } : schema;
}
