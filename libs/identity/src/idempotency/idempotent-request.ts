import { createHash } from 'node:crypto';
import { invalid } from '@app/common';
import { keys, type OwnerKey } from '@app/redis';
import type { FastifyRequest } from 'fastify';

/** A request its client may repeat: where its record is, and what was asked. */
export interface IdempotentRequest {
  /** Redis key of the record: owner + method + path as sent + the client's key. */
  key: string;
  /** Of the body. */
  hash: string;
}

const VISIBLE_ASCII = /^[\x21-\x7e]{1,255}$/;
const METHODS = new Set(['POST', 'PATCH']);

/**
 * The record of a POST or PATCH with an `Idempotency-Key`; `undefined` without one. The body counts as it was
 * understood: white space makes no other request. Throws `VALIDATION_FAILED` for a key that is not 1–255 visible ASCII.
 */
export function idempotentRequestOf({
  method,
  url,
  headers,
  body,
  caller,
}: FastifyRequest): IdempotentRequest | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined || !METHODS.has(method) || !caller) return undefined;
  if (!VISIBLE_ASCII.test(String(key))) {
    throw invalid([{ field: 'Idempotency-Key', message: 'must be 1 to 255 visible ASCII characters' }]);
  }
  const path = url.split('?', 1)[0] ?? '';
  const owner: OwnerKey = `${caller.kind}:${caller.id}`;
  return {
    key: keys.idempotency(owner, digest(`${method} ${path} ${String(key)}`)),
    hash: digest(JSON.stringify(body) ?? ''),
  };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
