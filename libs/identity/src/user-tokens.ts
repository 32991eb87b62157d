import { createSecretKey, type KeyObject } from 'node:crypto';
import { AppError, type Env, isId } from '@app/common';
import { errors, jwtVerify, type JWTPayload, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import type { UserCaller } from './caller.js';

/** Clocks of the issuer and ours may differ by this much (RFC 8725 asks for a minute at most). */
const LEEWAY_SECONDS = 30;
const MAX_ROLES = 32;
/** Verified tokens kept, in number and in characters: a token may be as long as the header limit. */
const CACHE_ENTRIES = 10_000;
const CACHE_CHARACTERS = 8_000_000;
/** Headers that name a key of the sender's choice. Ours is fixed, so an honest issuer has no reason to send one. */
const FOREIGN_KEY_HEADERS = ['jku', 'jwk', 'x5u', 'x5c'];

interface Verified {
  readonly caller: UserCaller;
  readonly expiresAt: number;
}

/** The users' JWTs: HS256 under one secret, checked as RFC 8725 asks. */
export class UserTokens {
  private readonly key: KeyObject;
  private readonly verified = new LRUCache<string, Verified>({
    max: CACHE_ENTRIES,
    maxSize: CACHE_CHARACTERS,
    sizeCalculation: (_value, token) => token.length,
  });

  constructor(
    private readonly settings: Pick<Env, 'JWT_SECRET' | 'JWT_ISSUER' | 'JWT_AUDIENCE'>,
    /** Milliseconds since 1970. */
    private readonly now: () => number = Date.now,
  ) {
    this.key = createSecretKey(Buffer.from(settings.JWT_SECRET, 'utf8'));
  }

  /**
   * Who an `Authorization` header speaks for. A token seen before is answered at once, without a promise: verifying
   * costs more than the rest of a read. Throws or rejects with AppError UNAUTHENTICATED.
   */
  verify(authorization: string): UserCaller | Promise<UserCaller> {
    const token = /^bearer /i.test(authorization) ? authorization.slice('Bearer '.length) : '';
    const known = this.verified.get(token);
    if (known === undefined) return this.check(token);
    if (this.now() / 1000 < known.expiresAt + LEEWAY_SECONDS) return known.caller;
    this.verified.delete(token);
    throw expired();
  }

  /** A token of our own, for development and tests. */
  async sign(userId: string, roles: readonly string[], lifetimeSeconds: number): Promise<string> {
    const issuedAt = Math.floor(this.now() / 1000);
    return new SignJWT({ roles: [...roles] })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setSubject(userId)
      .setIssuer(this.settings.JWT_ISSUER)
      .setAudience(this.settings.JWT_AUDIENCE)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + lifetimeSeconds)
      .sign(this.key);
  }

  private async check(token: string): Promise<UserCaller> {
    const { payload, protectedHeader } = await jwtVerify(token, this.key, {
      algorithms: ['HS256'],
      issuer: this.settings.JWT_ISSUER,
      audience: this.settings.JWT_AUDIENCE,
      requiredClaims: ['sub', 'exp'],
      clockTolerance: LEEWAY_SECONDS,
      currentDate: new Date(this.now()),
    }).catch((error: unknown) => {
      // The signature is checked before the time: only the holder of a real token learns that it is too old.
      throw error instanceof errors.JWTExpired ? expired() : notValid(error);
    });
    const { typ } = protectedHeader;
    if (typ !== undefined && typ.toUpperCase() !== 'JWT') throw notValid();
    if (FOREIGN_KEY_HEADERS.some((name) => name in protectedHeader)) throw notValid();
    const caller = callerOf(payload);
    this.verified.set(token, { caller, expiresAt: payload.exp as number });
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
