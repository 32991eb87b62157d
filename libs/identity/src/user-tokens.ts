import { AppError, type Env, isId } from '@app/common';
import { errors, jwtVerify, type JWTPayload, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import type { UserCaller } from './caller.js';
import { type TokenKeys, tokenKeys } from './token-keys.js';

/** Clocks of the issuer and ours may differ by this much (RFC 8725 asks for a minute at most). */
const LEEWAY_SECONDS = 30;
const MAX_ROLES = 32;
/** Verified tokens kept, in number and in characters: a token may be as long as the header limit. */
const CACHE_ENTRIES = 10_000;
const CACHE_CHARACTERS = 8_000_000;
/** Headers that bring a key of the sender's choice. Ours are fixed, so an honest issuer has no reason to send one. */
const FOREIGN_KEY_HEADERS = ['jku', 'jwk', 'x5u', 'x5c'];

interface Verified {
  readonly caller: UserCaller;
  /** Seconds since 1970, as the token says. */
  readonly expiresAt: number;
  /** Milliseconds since 1970, when its key must be looked up again. */
  readonly trustedUntil: number;
}

/** The users' JWTs, under one HS256 secret or the public keys of a JWKS, checked as RFC 8725 asks. */
export class UserTokens {
  private readonly verified = new LRUCache<string, Verified>({
    max: CACHE_ENTRIES,
    maxSize: CACHE_CHARACTERS,
    sizeCalculation: (_value, token) => token.length,
  });

  constructor(
    private readonly settings: Pick<Env, 'JWT_SECRET' | 'JWT_JWKS_URL' | 'JWT_ISSUER' | 'JWT_AUDIENCE'>,
    /** Milliseconds since 1970. */
    private readonly now: () => number = Date.now,
    private readonly keys: TokenKeys = tokenKeys(settings),
  ) {}

  /**
   * Who an `Authorization` header speaks for. A token seen before is answered at once, without a promise: verifying
   * costs more than the rest of a read. Throws or rejects with AppError UNAUTHENTICATED, or CART_UNAVAILABLE when the
   * keys cannot be had.
   */
  verify(authorization: string): UserCaller | Promise<UserCaller> {
    const token = /^bearer /i.test(authorization) ? authorization.slice('Bearer '.length) : '';
    const known = this.verified.get(token);
    if (known === undefined) return this.check(token);
    const now = this.now();
    if (now / 1000 >= known.expiresAt + LEEWAY_SECONDS) {
      this.verified.delete(token);
      throw expired();
    }
    return now < known.trustedUntil ? known.caller : this.check(token);
  }

  /** A token of our own, for development and tests. Needs JWT_SECRET. */
  async sign(userId: string, roles: readonly string[], lifetimeSeconds: number): Promise<string> {
    const { signingKey } = this.keys;
    if (signingKey === undefined) throw new Error('Without JWT_SECRET others sign the tokens');
    const issuedAt = Math.floor(this.now() / 1000);
    return new SignJWT({ roles: [...roles] })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setSubject(userId)
      .setIssuer(this.settings.JWT_ISSUER)
      .setAudience(this.settings.JWT_AUDIENCE)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + lifetimeSeconds)
      .sign(signingKey);
  }

  private async check(token: string): Promise<UserCaller> {
    const { payload, protectedHeader } = await jwtVerify(token, this.keys.keyOf, {
      algorithms: [...this.keys.algorithms],
      issuer: this.settings.JWT_ISSUER,
      audience: this.settings.JWT_AUDIENCE,
      requiredClaims: ['sub', 'exp'],
      clockTolerance: LEEWAY_SECONDS,
      currentDate: new Date(this.now()),
    }).catch((error: unknown) => {
      if (error instanceof AppError) throw error;
      // The signature is checked before the time: only the holder of a real token learns that it is too old.
      throw error instanceof errors.JWTExpired ? expired() : notValid(error);
    });
    const { typ } = protectedHeader;
    if (typ !== undefined && typ.toUpperCase() !== 'JWT') throw notValid();
    if (FOREIGN_KEY_HEADERS.some((name) => name in protectedHeader)) throw notValid();
    const caller = callerOf(payload);
    this.verified.set(token, {
      caller,
      expiresAt: payload.exp as number,
      trustedUntil: this.now() + this.keys.trustMs,
    });
    return caller;
  }
}

/** A token without roles is a plain shopper's; roles of another shape are a mistake somebody must hear of. */
function callerOf({ sub, roles = [] }: JWTPayload & { roles?: unknown }): UserCaller {
  if (!isId(sub) || !isRoles(roles)) throw notValid();
  return Object.freeze({ kind: 'user', id: sub, roles: Object.freeze([...roles]) });
}

function isRoles(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= MAX_ROLES && value.every((role) => typeof role === 'string');
}

function notValid(cause?: unknown): AppError {
  return new AppError('UNAUTHENTICATED', [], 'The bearer token is not valid', { cause });
}

function expired(): AppError {
  return new AppError('UNAUTHENTICATED', [], 'The bearer token has expired');
}
