import { applyDecorators, HttpStatus } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ApiProblems } from '@app/common';
import { Written } from './cart.writer.js';
import { CartDto, MinimalCartDto } from './dto/cart.dto.js';

export const READ_PROBLEMS = ['VALIDATION_FAILED', 'CART_BUSY', 'CART_UNAVAILABLE'] as const;

/** What the catalogue or the limits may say of a quantity. */
export const QUANTITY_PROBLEMS = [
  'SKU_NOT_FOUND',
  'SKU_OFF_SHELF',
  'QUANTITY_LIMIT',
  'OUT_OF_STOCK',
  'INSUFFICIENT_STOCK',
] as const;

/**
 * Documents a write: the whole cart, or its counters with `Prefer: return=minimal`, and what every write may answer.
 * `full` and `minimal` are the DTOs when the route has more to say.
 */
export function ApiWrite({
  status = HttpStatus.OK,
  full = CartDto,
  minimal = MinimalCartDto,
}: { status?: HttpStatus; full?: typeof CartDto; minimal?: typeof MinimalCartDto } = {}): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(full, minimal),
    ApiResponse({
      status,
      schema: { oneOf: [{ $ref: getSchemaPath(full) }, { $ref: getSchemaPath(minimal) }] },
      description: 'The cart as this change left it; its counters alone with `Prefer: return=minimal`.',
    }),
    ApiProblems(...READ_PROBLEMS, 'VERSION_MISMATCH', 'GUEST_CART_MERGED'),
  );
}

/** A POST or PATCH that may be repeated with its Idempotency-Key; the record is settled by the script itself. */
export function ApiIdempotent(): MethodDecorator {
  return ApiProblems('IDEMPOTENCY_IN_PROGRESS', 'IDEMPOTENCY_KEY_REUSED');
}

/** Sends a change: the cart, what else the request was told, and the headers that belong to both. */
export function answerWrite<T extends object>(
  reply: FastifyReply,
  { cart, replayed }: Written,
  more?: T,
): CartDto | MinimalCartDto {
  reply.header('etag', `"${cart.version}"`);
  if (!('items' in cart)) reply.header('preference-applied', 'return=minimal');
  if (replayed) reply.header('idempotent-replayed', 'true');
  return more ? { ...cart, ...more } : cart;
}
