import { AppError, invalid } from '@app/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Cors } from './cors.js';
import { isPoison } from './json-body.js';
import type { RouteTable } from './route-table.js';

/**
 * Headers of the JSON API: no cache keeps a cart, and no browser takes an answer for a page. A set of our own instead of
 * helmet's twelve: those for pages are lost on a JSON client and cost as many bytes as a small cart.
 */
export const API_HEADERS = {
  'cache-control': 'private, no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** Headers of the pages (documentation, storefront): their own scripts and styles, nobody's frame. */
const PAGE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy':
    "default-src 'self'; img-src 'self' data: https:; style-src 'self' 'unsafe-inline'; " +
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
} as const;

/** What every request passes before a guard sees it, the unroutable ones included. */
export function addRequestHooks(server: FastifyInstance, routes: RouteTable, cors: Cors | undefined): void {
  // One shape for all requests, whether a guard sets it or not.
  server.decorateRequest('caller', undefined);
  server.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
    const isApi = request.url.startsWith('/v1/');
    reply.headers(isApi ? API_HEADERS : PAGE_HEADERS);
    if (isApi && cors?.answer(request, reply, () => routes.methodsOf(request.url))) return;
    // Answered here, before a body is read that nobody wants.
    if (request.is404) done(unknownAddress(request, reply, routes));
    else done(queryFault(request.query as Record<string, unknown>));
  });
}

function unknownAddress(request: FastifyRequest, reply: FastifyReply, routes: RouteTable): AppError {
  const allowed = routes.methodsOf(request.url);
  if (allowed.length === 0) return new AppError('NOT_FOUND');
  reply.header('allow', allowed.join(', '));
  return new AppError('METHOD_NOT_ALLOWED');
}

/** `?a=1&a=2` would give a handler an array where it expects a text. */
function queryFault(query: Record<string, unknown>): AppError | undefined {
  for (const name in query) {
    if (isPoison(name)) return invalid([{ field: name, message: 'is not a name a parameter may have' }]);
    if (typeof query[name] !== 'string') return invalid([{ field: name, message: 'is given more than once' }]);
  }
  return undefined;
}
