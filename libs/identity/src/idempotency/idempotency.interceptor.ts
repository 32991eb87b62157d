import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common';
import { ApiProblems, AppError, type ErrorDetail, type ErrorCode, toAppError } from '@app/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { idempotentRequestOf } from './idempotent-request.js';
import { IdempotencyStore } from './idempotency.store.js';

/** What a repeat is answered: the body, or the refusal. */
interface KeptAnswer {
  body?: unknown;
  refusal?: { code: ErrorCode; details: ErrorDetail[]; message: string };
}

/** Refusals that say nothing about the request itself. */
const NEVER_KEPT = new Set<ErrorCode>(['CART_BUSY', 'IDEMPOTENCY_IN_PROGRESS', 'IDEMPOTENCY_KEY_REUSED']);

/**
 * Answers a repeat with the first answer, for a route whose work may be done twice without harm. A route that changes a
 * cart settles its record in its own script instead.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(private readonly store: IdempotencyStore) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = idempotentRequestOf(http.getRequest<FastifyRequest>());
    if (!request) return next.handle();
    return from(this.answer(request, http.getResponse<FastifyReply>(), next));
  }

  private async answer(
    request: NonNullable<ReturnType<typeof idempotentRequestOf>>,
    reply: FastifyReply,
    next: CallHandler,
  ): Promise<unknown> {
    const claimed = await this.store.claim(request);
    if ('answer' in claimed) {
      reply.header('idempotent-replayed', 'true');
      const { body, refusal } = JSON.parse(claimed.answer) as KeptAnswer;
      if (refusal) throw new AppError(refusal.code, refusal.details, refusal.message);
      return body;
    }
    try {
      const body: unknown = await lastValueFrom(next.handle());
      await this.store.settle(claimed.claim, JSON.stringify({ body } satisfies KeptAnswer));
      return body;
    } catch (error) {
      const refusal = toAppError(error);
      if (!refusal || !isKept(refusal)) await this.store.release(claimed.claim);
      else {
        const { code, details, message } = refusal;
        await this.store.settle(claimed.claim, JSON.stringify({ refusal: { code, details, message } }));
      }
      throw error;
    }
  }
}

/** Never kept: 5xx, 400, 401, 412, 429 and what passes by itself. */
function isKept({ code, status }: AppError): boolean {
  return status < 500 && ![400, 401, 412, 429].includes(status) && !NEVER_KEPT.has(code);
}

/** A POST or PATCH that takes an `Idempotency-Key`. */
export function Idempotent(): MethodDecorator & ClassDecorator {
  return applyDecorators(
    UseInterceptors(IdempotencyInterceptor),
    ApiProblems('IDEMPOTENCY_IN_PROGRESS', 'IDEMPOTENCY_KEY_REUSED'),
  );
}
