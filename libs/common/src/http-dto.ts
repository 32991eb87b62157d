import type { ClassConstructor } from 'class-transformer';
import { AppError, type ErrorDetail } from './app-error.js';
import { type Fault, rulesOf } from './dto-rules.js';

/** A body of 64 KB can hold ten thousand wrong fields: the answer names no more than these. */
const MAX_ERRORS = 50;
const MAX_FIELD_LENGTH = 200;

/**
 * The DTO of what a client sent, checked against its declared decorators: unknown fields are refused and nothing is
 * converted ("5" is no integer). `at` is the path of the value inside the request, for the error's `field`.
 * Throws AppError VALIDATION_FAILED with one entry per field.
 */
export function toDto<T extends object>(type: ClassConstructor<T>, value: unknown, at = ''): T {
  if (!isRecord(value)) throw invalid([{ field: at, message: 'must be a JSON object' }]);
  const faults: Fault[] = [];
  const dto = rulesOf(type).read(value, at, faults, MAX_ERRORS);
  if (faults.length > 0) throw invalid(faults);
  return dto;
}

/** A VALIDATION_FAILED with one entry per fault; `field` is a path such as `items[0].skuId`, empty for the whole body. */
export function invalid(faults: readonly Fault[]): AppError {
  const details = faults.slice(0, MAX_ERRORS).map(({ field, message }): ErrorDetail => ({
    code: 'VALIDATION_FAILED',
    field: field.slice(0, MAX_FIELD_LENGTH),
    message: message.slice(0, 2 * MAX_FIELD_LENGTH),
  }));
  const [first] = details;
  const detail = first?.field ? `${first.field}: ${String(first['message'])}` : String(first?.['message']);
  return new AppError('VALIDATION_FAILED', details, first && detail);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
