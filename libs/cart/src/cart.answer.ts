import { applyDecorators, HttpStatus } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ApiProblems } from '@app/common';
import { toCartJson } from './cart.json.js';
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

/** Documents a write: the cart (`full` when the route has more to say), and what every write may answer. */
export function ApiWrite({
  status = HttpStatus.OK,
  full = CartDto,
}: { status?: HttpStatus; full?: typeof CartDto } = {}): MethodDecorator {
  return applyDecorators(
    ApiResponse({ status, type: full }),
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
  return sendCart(reply, more ? { ...cart, ...more } : cart);
}

/** Has the cart that the handler returns written by {@link toCartJson}. */
export function sendCart<T extends CartDto | MinimalCartDto>(reply: FastifyReply, answer: T): T {
  reply.type('application/json; charset=utf-8').serializer(toCartJson);
  return answer;
}
