import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Env } from '@app/common';
import type { JWTVerifyGetKey } from 'jose';
import { JwksKeys } from './jwks-keys.js';

/** Asymmetric signatures only: a public key is no secret, so nothing signed with one as a secret may pass. */
const JWKS_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
/** A key that left the set may speak for tokens seen before for so long. */
const JWKS_TRUST_MS = 10 * 60_000;

/** What users' tokens are checked with. */
export interface TokenKeys {
  /** The list is ours, never the token's (RFC 8725, 3.1). */
  readonly algorithms: readonly string[];
  /** The key for a token, by its header. Rejects when there is none. */
  readonly keyOf: JWTVerifyGetKey;
  /** Milliseconds for which a token once verified need not be verified again. */
  readonly trustMs: number;
  /** What our own tokens are signed with; undefined when others sign them. */
  readonly signingKey?: KeyObject;
}

/** One secret for HS256, or the public keys at JWT_JWKS_URL. The settings name exactly one of them. */
export function tokenKeys({ JWT_SECRET, JWT_JWKS_URL }: Pick<Env, 'JWT_SECRET' | 'JWT_JWKS_URL'>): TokenKeys {
  if (JWT_JWKS_URL !== undefined) {
    return { algorithms: JWKS_ALGORITHMS, keyOf: new JwksKeys(JWT_JWKS_URL).keyOf, trustMs: JWKS_TRUST_MS };
  }
  if (JWT_SECRET === undefined) throw new Error('Neither JWT_SECRET nor JWT_JWKS_URL is set');
  const signingKey = createSecretKey(Buffer.from(JWT_SECRET, 'utf8'));
  return { algorithms: ['HS256'], keyOf: () => signingKey, trustMs: Infinity, signingKey };
}
