import { Logger } from '@nestjs/common';
import { AppError } from '@app/common';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type ExportedJWKSCache,
  type JSONWebKeySet,
  jwksCache,
  type JWKSCacheInput,
  type JWTVerifyGetKey,
} from 'jose';

const SECOND = 1000;

export interface JwksOptions {
  /** Milliseconds the server has for its answer. */
  timeoutMs?: number;
  /** The set is fetched again when it is so old. */
  maxAgeMs?: number;
  /** While the server is away its last set counts for so long. */
  maxStaleMs?: number;
  /** The least time between two fetches because of an unknown key, and after a fetch that failed. */
  cooldownMs?: number;
}

/**
 * The public keys of whoever issues the users' tokens. A new key is found when the first token names it; a flood of
 * tokens that name keys nobody has asks the server once per cool-down.
 *
 * When the server is away its last set goes on counting for a while. A token that still cannot be checked is no
 * forgery: it is refused with 503, to be sent again.
 */
export class JwksKeys {
  private readonly log = new Logger(JwksKeys.name);
  private readonly options: Required<JwksOptions>;
  private readonly remote: ReturnType<typeof createRemoteJWKSet>;
  /** Kept up to date by the remote set: what the server said last, and when. */
  private readonly last: Partial<ExportedJWKSCache> = {};
  private stale?: { of: JSONWebKeySet; keyOf: JWTVerifyGetKey };
  private askAgainAt = 0;
  private reported = false;

  constructor(url: string, options: JwksOptions = {}) {
    this.options = {
      timeoutMs: 3 * SECOND,
      maxAgeMs: 600 * SECOND,
      maxStaleMs: 3600 * SECOND,
      cooldownMs: 10 * SECOND,
      ...options,
    };
    this.remote = createRemoteJWKSet(new URL(url), {
      timeoutDuration: this.options.timeoutMs,
      cacheMaxAge: this.options.maxAgeMs,
      cooldownDuration: this.options.cooldownMs,
      [jwksCache]: this.last as JWKSCacheInput,
    });
  }

  /**
   * The key a token's header names by `kid`. Rejects with a jose error when the set has none that fits, and with
   * AppError CART_UNAVAILABLE when that cannot be known.
   */
  readonly keyOf: JWTVerifyGetKey = async (header, token) => {
    if (typeof header.kid !== 'string') throw new errors.JWKSNoMatchingKey();
    if (Date.now() < this.askAgainAt) return this.keyOfLastSet(header, token);
    try {
      const key = await this.remote(header, token);
      this.reported = false;
      return key;
    } catch (error) {
      if (isAboutTheToken(error)) throw error;
      this.onFailure(error);
      return this.keyOfLastSet(header, token);
    }
  };

  private async keyOfLastSet(...[header, token]: Parameters<JWTVerifyGetKey>) {
    const { jwks, uat = 0 } = this.last;
    if (jwks === undefined || Date.now() > uat + this.options.maxAgeMs + this.options.maxStaleMs) throw this.unknown();
    if (this.stale?.of !== jwks) this.stale = { of: jwks, keyOf: createLocalJWKSet(jwks) };
    try {
      return await this.stale.keyOf(header, token);
    } catch (error) {
      // The set the server would give now may have it.
      throw error instanceof errors.JWKSNoMatchingKey ? this.unknown() : error;
    }
  }

  private onFailure(error: unknown): void {
    this.askAgainAt = Date.now() + this.options.cooldownMs;
    if (this.reported) return;
    this.reported = true;
    this.log.error({ msg: 'The keys at JWT_JWKS_URL cannot be fetched', err: error });
  }

  private unknown(): AppError {
    const retryAfter = Math.max(1, (this.askAgainAt - Date.now()) / SECOND);
    return new AppError('CART_UNAVAILABLE', [], 'The bearer token cannot be checked right now', { retryAfter });
  }
}

/** The set was read, and it has no key, or no single usable key, for this token. */
function isAboutTheToken(error: unknown): boolean {
  return [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported].some(
    (kind) => error instanceof kind,
  );
}
