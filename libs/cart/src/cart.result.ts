import type { CartOwner } from './cart.owner.js';
import { LiveCart, parseCart } from './live-cart.js';

/** What a script says of one SKU: `sku` (empty when it is not about one) and what follows, such as a code and numbers. */
export interface ResultLine {
  skuId: string;
  words: string[];
}

/** What a request came to, as its idempotency record keeps it. */
export interface StoredResult {
  code: 'OK' | 'REFUSED';
  lines: ResultLine[];
}

/**
 * How a script ended: done, refused, or not even begun. `NEED_LOAD` asks for a cold load first, `UNREADABLE` for the cart
 * to be mended, `CHANGED` for another look at what the caller had read before.
 */
export type WriteResult =
  | { code: 'OK'; cart: LiveCart; lines: ResultLine[] }
  | { code: 'REFUSED'; lines: ResultLine[] }
  | { code: 'VERSION_MISMATCH'; cart: LiveCart }
  | { code: 'REPLAYED'; stored: StoredResult }
  | { code: 'NEED_LOAD' }
  | { code: 'UNREADABLE' }
  | { code: 'CHANGED' }
  | { code: 'IDEMPOTENCY_IN_PROGRESS' | 'IDEMPOTENCY_KEY_REUSED' };

export type ScriptAnswer = [code: string, ...rest: unknown[]];

/** Reads the answer of a script of the cart; see `lua/includes/cart.lua`. */
export function parseResult(owner: CartOwner, [code, ...rest]: ScriptAnswer): WriteResult {
  switch (code) {
    case 'OK':
      return { code, cart: toCart(owner, rest[0]), lines: rest.slice(1).map(parseLine) };
    case 'VERSION_MISMATCH':
      return { code, cart: toCart(owner, rest[0]) };
    case 'REFUSED':
      return { code, lines: rest.map(parseLine) };
    case 'REPLAYED':
      return { code, stored: parseStored(String(rest[0])) };
    case 'NEED_LOAD':
    case 'UNREADABLE':
    case 'CHANGED':
    case 'IDEMPOTENCY_IN_PROGRESS':
    case 'IDEMPOTENCY_KEY_REUSED':
      return { code };
    default:
      throw new Error(`a script of the cart answered ${code}`);
  }
}

/** `OK;line;line` or `REFUSED;line…`. */
export function parseStored(answer: string): StoredResult {
  const [code, ...lines] = answer.split(';');
  if (code !== 'OK' && code !== 'REFUSED') throw new Error('not a stored answer');
  return { code, lines: lines.map(parseLine) };
}

function parseLine(line: unknown): ResultLine {
  const [skuId, ...words] = String(line).split(' ');
  return { skuId: skuId === '-' ? '' : skuId!, words };
}

function toCart(owner: CartOwner, fields: unknown): LiveCart {
  const cart = parseCart(owner.kind, fields as string[]);
  if (!cart) throw new Error('a script answered with a cart that is not loaded');
  return cart;
}
