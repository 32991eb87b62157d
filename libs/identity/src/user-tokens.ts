import { Logger } from '@nestjs/common';
import { AppError, type Env, isId, RepeatedWarning } from '@app/common';
import { errors, jwtVerify, type JWTPayload, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import type { UserCaller } from './caller.js';
import { type TokenKeys, tokenKeys } from './token-keys.js';

/** Clocks of the issuer and ours may differ by this much (RFC 8725 asks for a minute at most). */
const LEEWAY_SECONDS = 30;
const MAX_ROLES = 32;
/** Without a refused token for so long, the next one is news again, ms. */
const QUIET_MS = 10 * 60_000;
/** Verified tokens kept, in number and in characters: a token may be as long as the header limit. */
const CACHE_ENTRIES = 10_000;
const CACHE_CHARACTERS = 8_000_000;
/** Headers that bring a key of the sender's choice. Ours are fixed, so an honest issuer has no reason to send one. */
/** What a reason quotes from a token, but for the names that every token has. */
const OTHER_NAMES = /"(?!(?:iss|aud|exp|nbf|iat|sub|alg|crit|b64)")[^"]*"/g;
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

  private readonly refusals = new RepeatedWarning(new Logger(UserTokens.name), 'a bearer token was refused', QUIET_MS);

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
      throw this.refused('"exp" claim timestamp check failed', expired());
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
      const reason =
        error instanceof errors.JOSEError ? error.message.replaceAll(OTHER_NAMES, '…') : 'it cannot be read';
      throw this.refused(reason, error instanceof errors.JWTExpired ? expired() : notValid(error));
    });
    if (!isTyp(protectedHeader.typ)) throw this.refused('its typ is neither JWT nor at+jwt');
    if (FOREIGN_KEY_HEADERS.some((name) => name in protectedHeader)) throw this.refused('it brings a key of its own');
    const { sub, roles } = payload as JWTPayload & { roles?: unknown };
    if (!isId(sub)) throw this.refused('its sub is not an id from "1" to "9223372036854775807"');
    const named = rolesIn(roles);
    if (!named) throw this.refused('its roles are neither a list of texts nor words in a text');
    const caller: UserCaller = Object.freeze({ kind: 'user', id: sub, roles: Object.freeze(named) });
    this.verified.set(token, {
      caller,
      expiresAt: payload.exp as number,
      trustedUntil: this.now() + this.keys.trustMs,
    });
    return caller;
  }

  /** One line for each new reason, then ever fewer; never the token, nor anything it says. */
  private refused(reason: string, refusal = notValid()): AppError {
    this.refusals.failed(reason);
    return refusal;
  }
}

/** The type of any JWT, or of an access token (RFC 9068), which may be written as a media type. */
function isTyp(typ: string | undefined): boolean {
  return typ === undefined || /^(?:application\/)?(?:jwt|at\+jwt)$/i.test(typ);
}

/** A token without roles is a plain shopper's; roles of another shape are a mistake: `undefined`. */
function rolesIn(roles: unknown = []): string[] | undefined {
  const list: unknown = typeof roles === 'string' ? roles.split(/\s+/).filter(Boolean) : roles;
  const isFine = Array.isArray(list) && list.length <= MAX_ROLES && list.every((role) => typeof role === 'string');
  return isFine ? [...list] : undefined;
}

function notValid(cause?: unknown): AppError {
  return new AppError('UNAUTHENTICATED', [], 'The bearer token is not valid', { cause });
}

function expired(): AppError {
  return new AppError('UNAUTHENTICATED', [], 'The bearer token has expired');
}
