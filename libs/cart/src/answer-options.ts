import { createParamDecorator, ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { invalid, parseIfMatch } from '@app/common';
import { idempotentRequestOf } from '@app/identity';
import type { CouponChoice } from '@app/pricing';
import { GroupBy } from './cart.groups.js';
import type { ViewOptions } from './cart.view.js';
import { AnswerOptions } from './cart.writer.js';

/** How the client wants a write checked, answered and logged: `If-Match`, `Idempotency-Key`, `Prefer`, `X-Device`, `?group=` and `?coupons=`. */
export const Options = createParamDecorator((_: unknown, context: ExecutionContext): AnswerOptions => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const { headers } = request;
  const ifMatch = headers['if-match'];
  const prefer = headers['prefer'];
  return {
    ifMatch: ifMatch === undefined ? undefined : parseIfMatch(String(ifMatch)),
    minimal: prefer !== undefined && /(^|[,;\s])return\s*=\s*"?minimal"?(?=$|[,;\s])/i.test(String(prefer)),
    ...viewOf(queryOf(request)),
    idempotency: idempotentRequestOf(request),
    device: deviceOf(headers['x-device']),
  };
});

/** `?group=` and `?coupons=` of a read. */
export const View = createParamDecorator((_: unknown, context: ExecutionContext): ViewOptions =>
  viewOf(queryOf(context.switchToHttp().getRequest<FastifyRequest>())),
);

/**
 * The device as the change log names it; `undefined` for what is not 1 to 64 visible ASCII characters: no change of a
 * cart is refused over a name that only reports read.
 */
export function deviceOf(header: unknown): string | undefined {
  return typeof header === 'string' && /^[\x21-\x7e]{1,64}$/.test(header) ? header : undefined;
}

function viewOf(query: Record<string, unknown>): ViewOptions {
  return { group: parseGroup(query['group']), coupons: parseCoupons(query['coupons']) };
}

const COUPONS = /^[\w-]{1,64}(?:,[\w-]{1,64}){0,19}$/;

/** `none`, `best`, or up to 20 couponIds; a coupon of such a name cannot be chosen here. */
export function parseCoupons(value: unknown): CouponChoice {
  if (value === undefined || value === 'none') return 'none';
  if (value === 'best') return 'best';
  if (typeof value === 'string' && COUPONS.test(value)) return value.split(',');
  throw invalid([{ field: 'coupons', message: 'must be none, best, or 1 to 20 couponIds with commas between' }]);
}

function parseGroup(value: unknown): GroupBy {
  if (value === undefined) return 'shop';
  if (value === 'shop' || value === 'promotion' || value === 'none') return value;
  throw invalid([{ field: 'group', message: 'must be shop, promotion or none' }]);
}

function queryOf({ query }: FastifyRequest): Record<string, unknown> {
  return query as Record<string, unknown>;
}
