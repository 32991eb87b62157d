import { createParamDecorator, ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { invalid } from '@app/common';
import { idempotentRequestOf } from '@app/identity';

/** The `Idempotency-Key` of a checkout, which must have one, and the hash of its body. */
export interface KeyedRequest {
  key: string;
  hash: string;
}

export function keyedRequestOf(request: FastifyRequest): KeyedRequest {
  const idempotent = idempotentRequestOf(request);
  if (!idempotent) throw invalid([{ field: 'Idempotency-Key', message: 'is required' }]);
  return { key: String(request.headers['idempotency-key']), hash: idempotent.hash };
}

/** `@Keyed() request: KeyedRequest`. */
export const Keyed = createParamDecorator((_: unknown, context: ExecutionContext) =>
  keyedRequestOf(context.switchToHttp().getRequest<FastifyRequest>()),
);
