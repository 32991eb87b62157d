import type { FastifyReply, FastifyRequest } from 'fastify';

const READABLE = 'ETag, Idempotent-Replayed, Location, Preference-Applied, Retry-After, X-Client-Cart-Id';
const SENDABLE =
  'Authorization, Content-Type, Idempotency-Key, If-Match, Last-Event-ID, Prefer, X-Client-Cart-Id, X-Device';
/** Seconds a browser may remember what it was allowed; Chromium caps it at two hours. */
const REMEMBER = '7200';

/**
 * Lets the pages of listed origins call the API. Who is asking stands in headers that a page has to set itself, never in
 * a cookie, so credentials are not allowed to anybody.
 *
 * Our own, for a plugin's `OPTIONS *` route would answer unknown addresses and every plain OPTIONS.
 */
export class Cors {
  private readonly origins: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.origins = new Set(origins);
  }

  /**
   * Adds the headers for an origin of the list.
   * @param methods those the address answers to
   * @returns whether the request was a preflight and is answered
   */
  answer({ headers, method }: FastifyRequest, reply: FastifyReply, methods: () => readonly string[]): boolean {
    reply.header('vary', 'Origin');
    const { origin } = headers;
    if (origin === undefined || !this.origins.has(origin)) return false;
    reply.header('access-control-allow-origin', origin).header('access-control-expose-headers', READABLE);
    if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return false;
    const allowed = methods();
    if (allowed.length === 0) return false;
    void reply
      .code(204)
      .header('access-control-allow-methods', allowed.join(', '))
      .header('access-control-allow-headers', SENDABLE)
      .header('access-control-max-age', REMEMBER)
      .send();
    return true;
  }
}
