import { isUtf8 } from 'node:buffer';
import { AppError, invalid } from '@app/common';

/** Deeper than anything our API takes, and shallow enough for every recursive walk over the value. */
const MAX_DEPTH = 32;

/**
 * Keys that mean something on every object. Some reach a prototype; the others, class-transformer drops without a word,
 * where an unknown field must be refused.
 */
const POISON = new Set([...Object.getOwnPropertyNames(Object.prototype), 'prototype']);
/** A key of that kind stands in the text as itself or with an escape; most texts have neither. */
const MAYBE_POISON = new RegExp([...POISON, String.raw`\\u00`].join('|'));

/** UTF-8 has no half of a surrogate pair: a text can only have one by its escape. */
const HALF_A_PAIR = /\p{Surrogate}/u;
const MAYBE_SURROGATE = /\\u[dD][89a-fA-F]/;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACKET = 0x5b;
const BRACE = 0x7b;

/**
 * Parses a JSON body. No bytes are no body: a POST without one is common, and a DTO names the fields it misses.
 * Throws AppError VALIDATION_FAILED for anything that is not JSON, nests deeper than 32, has a key that every
 * object has anyway, or half a surrogate pair in any text.
 */
export function parseJsonBody(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  if (!isUtf8(body)) throw invalid([{ field: '', message: 'must be UTF-8' }]);
  if (hasManyOpen(body) && depthOf(body) > MAX_DEPTH)
    throw invalid([{ field: '', message: `must not nest deeper than ${MAX_DEPTH}` }]);
  const text = body.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // JSON.parse's own message quotes the text, which may hold a secret.
    const message = 'The body is not valid JSON';
    throw new AppError('VALIDATION_FAILED', [{ code: 'VALIDATION_FAILED', field: '', message }], message, { cause });
  }
  if (MAYBE_POISON.test(text)) refusePoison(value);
  if (MAYBE_SURROGATE.test(text)) refuseSurrogates(value, '');
  return value;
}

/** Whether a name means something on every object, so that a client may not use it for a field of its own. */
export function isPoison(name: string): boolean {
  return POISON.has(name);
}

/** Whether there are more opening brackets, in strings too, than may nest. Most bodies are spared the count of their depth. */
function hasManyOpen(body: Buffer): boolean {
  let open = 0;
  for (const bracket of [BRACKET, BRACE]) {
    for (let at = body.indexOf(bracket); at !== -1; at = body.indexOf(bracket, at + 1)) {
      if (++open > MAX_DEPTH) return true;
    }
  }
  return false;
}

/** The deepest nesting of brackets outside strings; counted on bytes, before a parser allocates anything. */
function depthOf(body: Buffer): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i];
    if (byte === QUOTE) i = endOfString(body, i + 1);
    else if (byte === BRACKET || byte === BRACE) deepest = Math.max(deepest, ++depth);
    // The closing ones are two further on.
    else if (byte === BRACKET + 2 || byte === BRACE + 2) depth--;
  }
  return deepest;
}

function endOfString(body: Buffer, from: number): number {
  let i = from;
  while (i < body.length && body[i] !== QUOTE) i += body[i] === BACKSLASH ? 2 : 1;
  return i;
}

/** Recursion is safe: the depth is bounded. */
function refusePoison(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    if (POISON.has(key)) throw invalid([{ field: key, message: 'is not a name a field may have' }]);
    refusePoison(child);
  }
}

/** MySQL would keep half a pair as U+FFFD, and Redis and the broker as three bytes that are no UTF-8. */
function refuseSurrogates(value: unknown, at: string): void {
  if (typeof value === 'string') {
    if (HALF_A_PAIR.test(value)) throw invalid([{ field: at, message: 'must not hold half a surrogate pair' }]);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const isList = Array.isArray(value);
  for (const [key, child] of Object.entries(value)) {
    if (HALF_A_PAIR.test(key)) throw invalid([{ field: at, message: 'has a name with half a surrogate pair' }]);
    refuseSurrogates(child, isList ? `${at}[${key}]` : at ? `${at}.${key}` : key);
  }
}
