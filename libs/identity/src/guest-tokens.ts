import { createHash, createHmac, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import { AppError, type Env } from '@app/common';
import { LRUCache } from 'lru-cache';
import type { GuestCaller } from './caller.js';

/** 144 bits; a multiple of three bytes has exactly one spelling in base64url. */
const RANDOM_BYTES = 18;
const TOKEN = /^v1\.([A-Za-z0-9]{1,16})\.([A-Za-z0-9_-]{24})\.([A-Za-z0-9_-]{43})$/;
const CACHE_ENTRIES = 10_000;

/**
 * The guests' cart ids, `v1.<kid>.<random>.<mac>`: bearer secrets that need no storage, for the mac proves that we issued
 * them. The first key of GUEST_KEYS signs, every key verifies, so that keys can be rotated.
 */
export class GuestTokens {
  private readonly keys = new Map<string, KeyObject>();
  private readonly signingKid: string;
  private readonly verified = new LRUCache<string, GuestCaller>({ max: CACHE_ENTRIES });

  constructor({ GUEST_KEYS }: Pick<Env, 'GUEST_KEYS'>) {
    for (const entry of GUEST_KEYS) {
      const colon = entry.indexOf(':');
      const kid = entry.slice(0, colon);
      if (this.keys.has(kid)) throw new Error(`GUEST_KEYS names the key "${kid}" twice`);
      this.keys.set(kid, createSecretKey(Buffer.from(entry.slice(colon + 1), 'utf8')));
    }
    const [first] = this.keys.keys();
    if (first === undefined) throw new Error('GUEST_KEYS names no key');
    this.signingKid = first;
  }

  /** A new guest's token. Nothing is stored: the cart begins with its first item. */
  issue(): string {
    return this.sign(this.signingKid, randomBytes(RANDOM_BYTES).toString('base64url'));
  }

  /** Whose token it is. Throws AppError INVALID_CLIENT_CART_ID for one that we did not issue. */
  verify(token: string): GuestCaller {
    const known = this.verified.get(token);
    if (known !== undefined) return known;
    const [, kid, random, mac] = TOKEN.exec(token) ?? [];
    if (kid === undefined || random === undefined || mac === undefined || !this.isSigned(kid, random, mac)) {
      throw new AppError('INVALID_CLIENT_CART_ID');
    }
    const caller: GuestCaller =
      kid === this.signingKid
        ? { kind: 'guest', id: random }
        : { kind: 'guest', id: random, resigned: this.sign(this.signingKid, random) };
    this.verified.set(token, Object.freeze(caller));
    return caller;
  }

  private isSigned(kid: string, random: string, mac: string): boolean {
    if (!this.keys.has(kid)) return false;
    // As texts, not as decoded bytes: a second spelling of the same mac is not our token.
    return timingSafeEqual(Buffer.from(this.mac(kid, random)), Buffer.from(mac));
  }

  private sign(kid: string, random: string): string {
    return `v1.${kid}.${random}.${this.mac(kid, random)}`;
  }

  private mac(kid: string, random: string): string {
    const key = this.keys.get(kid) as KeyObject;
    return createHmac('sha256', key).update(`v1.${kid}.${random}`).digest('base64url');
  }
}

/** What logs and events may hold of a guest: SHA-256 of the id, in hex. */
export function hashGuestId(id: string): string {
  return createHash('sha256').update(id).digest('hex');
}
