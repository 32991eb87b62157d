import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { exportJWK, type JWK, SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/support/eventually.js';
import { JwksKeys, type JwksOptions } from './jwks-keys.js';
import { tokenKeys } from './token-keys.js';
import { UserTokens } from './user-tokens.js';

const settings = { JWT_ISSUER: 'shop', JWT_AUDIENCE: 'cart' };
const pairs = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  other: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ed: generateKeyPairSync('ed25519'),
};

/** The issuer's key server. */
let server: Server;
let url: string;
let published: (JWK & { kid: string })[];
let answer: 'keys' | 'error' | 'nonsense' | 'silence' | 'redirect';
let fetches: number;

async function publish(keys: Record<string, KeyObject>, more: JWK[] = []): Promise<void> {
  const entries = Object.entries(keys).map(async ([kid, key]) => ({ ...(await exportJWK(key)), kid, use: 'sig' }));
  published = [...(await Promise.all(entries)), ...(more as (JWK & { kid: string })[])];
}

function token(kid: string | undefined, alg: string, key: KeyObject, claims: object = {}, header: object = {}) {
  return new SignJWT({ roles: ['admin'], ...claims })
    .setProtectedHeader({ alg, typ: 'JWT', kid, ...header })
    .setSubject('42')
    .setIssuer('shop')
    .setAudience('cart')
    .setExpirationTime('10m')
    .sign(key);
}

function withKeys(options: JwksOptions = {}, trustMs = Infinity, at = url): UserTokens {
  const keys = { ...tokenKeys({ JWT_JWKS_URL: at }), keyOf: new JwksKeys(at, options).keyOf, trustMs };
  return new UserTokens(settings, Date.now, keys);
}

const verify = async (users: UserTokens, jwt: string) => users.verify(`Bearer ${jwt}`);
const refused = expect.objectContaining({ code: 'UNAUTHENTICATED' }) as Error;
const unavailable = expect.objectContaining({ code: 'CART_UNAVAILABLE', status: 503 }) as Error;
const user = { kind: 'user', id: '42', roles: ['admin'] };

beforeAll(async () => {
  Logger.overrideLogger(false);
  server = createServer((_request, response) => {
    fetches += 1;
    // A connection kept alive over the end of a test would be the next one's fault.
    response.setHeader('connection', 'close');
    if (answer === 'silence') return;
    if (answer === 'redirect') return void response.writeHead(302, { location: '/elsewhere' }).end();
    if (answer === 'error') return void response.writeHead(500).end();
    response.end(answer === 'nonsense' ? '{"keys":7}' : JSON.stringify({ keys: published }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
});
afterAll(() => server.close());
beforeEach(async () => {
  answer = 'keys';
  fetches = 0;
  await publish({ k1: pairs.rsa.publicKey });
});
afterEach(() => server.closeAllConnections());

describe('tokens under public keys', () => {
  it('takes each algorithm of the list, and fetches the keys once', async () => {
    await publish({ k1: pairs.rsa.publicKey, ec: pairs.ec.publicKey, ed: pairs.ed.publicKey });
    const users = withKeys();
    expect(await verify(users, await token('k1', 'RS256', pairs.rsa.privateKey))).toEqual(user);
    expect(await verify(users, await token('k1', 'PS256', pairs.rsa.privateKey))).toEqual(user);
    expect(await verify(users, await token('ec', 'ES256', pairs.ec.privateKey))).toEqual(user);
    expect(await verify(users, await token('ed', 'EdDSA', pairs.ed.privateKey))).toEqual(user);
    expect(fetches).toBe(1);
  });

  it('answers a token it has seen without a promise', async () => {
    const users = withKeys();
    const jwt = await token('k1', 'RS256', pairs.rsa.privateKey);
    const caller = await verify(users, jwt);
    expect(users.verify(`Bearer ${jwt}`)).toBe(caller);
  });

  it('refuses HS256 under the public key as a secret, in each of its spellings', async () => {
    const users = withKeys();
    const [, claims] = (await token('k1', 'RS256', pairs.rsa.privateKey)).split('.');
    const header = Buffer.from('{"alg":"HS256","typ":"JWT","kid":"k1"}').toString('base64url');
    const pem = pairs.rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const der = pairs.rsa.publicKey.export({ type: 'spki', format: 'der' });
    for (const secret of [pem, pem.trim(), der, JSON.stringify(published[0]), published[0]!.n!, '']) {
      const mac = createHmac('sha256', secret).update(`${header}.${claims}`).digest('base64url');
      await expect(verify(users, `${header}.${claims}.${mac}`)).rejects.toEqual(refused);
    }
  });

  it('refuses HS256 even when the set publishes a secret', async () => {
    const secret = Buffer.alloc(32, 7);
    await publish({ k1: pairs.rsa.publicKey }, [
      { kty: 'oct', kid: 'oct', alg: 'HS256', k: secret.toString('base64url') },
    ]);
    const [, claims] = (await token('k1', 'RS256', pairs.rsa.privateKey)).split('.');
    const header = Buffer.from('{"alg":"HS256","typ":"JWT","kid":"oct"}').toString('base64url');
    const mac = createHmac('sha256', secret).update(`${header}.${claims}`).digest('base64url');
    await expect(verify(withKeys(), `${header}.${claims}.${mac}`)).rejects.toEqual(refused);
  });

  it('refuses what the key is not for, or has no key', async () => {
    await publish({ k1: pairs.rsa.publicKey, ec: pairs.ec.publicKey }, [
      { ...(await exportJWK(pairs.other.publicKey)), kid: 'enc', use: 'enc' },
      { ...(await exportJWK(pairs.other.publicKey)), kid: 'pinned', alg: 'PS256' },
      { ...(await exportJWK(pairs.other.publicKey)), kid: 'twice' },
      { ...(await exportJWK(pairs.rsa.publicKey)), kid: 'twice' },
    ]);
    const users = withKeys();
    const rsa = pairs.rsa.privateKey;
    const forged = [
      await token('k1', 'RS256', pairs.other.privateKey),
      await token('k1', 'RS512', rsa),
      await token('k1', 'RS384', rsa),
      await token('ec', 'RS256', rsa),
      await token('enc', 'RS256', pairs.other.privateKey),
      await token('pinned', 'RS256', pairs.other.privateKey),
      await token('twice', 'RS256', rsa),
      await token(undefined, 'RS256', rsa),
      await token('K1', 'RS256', rsa),
      await token("../k1' OR 1=1", 'RS256', rsa),
      await token('__proto__', 'RS256', rsa),
      await token('k1', 'RS256', rsa, {}, { jku: url }),
      await token('k1', 'RS256', rsa, {}, { jwk: published[0] }),
      await token('k1', 'RS256', rsa, { nbf: Date.now() / 1000 + 100 }),
    ];
    for (const jwt of forged) await expect(verify(users, jwt)).rejects.toEqual(refused);
  });
});

describe('the key server', () => {
  it('is asked again for a key nobody knew, so that keys can be rotated', async () => {
    const users = withKeys({ cooldownMs: 0 });
    await verify(users, await token('k1', 'RS256', pairs.rsa.privateKey));
    const fresh = await token('k2', 'RS256', pairs.other.privateKey);
    await expect(verify(users, fresh)).rejects.toEqual(refused);
    await publish({ k1: pairs.rsa.publicKey, k2: pairs.other.publicKey });
    expect(await verify(users, fresh)).toEqual(user);
    await publish({ k2: pairs.other.publicKey });
    expect(await verify(users, fresh)).toEqual(user);
  });

  it('ends with a key it withdraws the tokens under it, also those seen before', async () => {
    const users = withKeys({ cooldownMs: 0, maxAgeMs: 30 }, 30);
    const jwt = await token('k1', 'RS256', pairs.rsa.privateKey);
    expect(await verify(users, jwt)).toEqual(user);
    await publish({ k2: pairs.other.publicKey });
    await eventually(() => expect(verify(users, jwt)).rejects.toEqual(refused), { intervalMs: 10 });
  });

  it('is not hammered with keys nobody has', async () => {
    const users = withKeys();
    await verify(users, await token('k1', 'RS256', pairs.rsa.privateKey));
    const [, claims, mac] = (await token('k1', 'RS256', pairs.rsa.privateKey)).split('.');
    const flood = Array.from({ length: 500 }, (_, i) => {
      const header = Buffer.from(JSON.stringify({ alg: 'RS256', kid: `flood-${i}` })).toString('base64url');
      return verify(users, `${header}.${claims}.${mac}`);
    });
    for (const one of await Promise.allSettled(flood))
      expect(one).toMatchObject({ status: 'rejected', reason: refused });
    expect(fetches).toBe(1);
    expect(await verify(users, await token('k1', 'PS256', pairs.rsa.privateKey))).toEqual(user);
  });

  it.each(['error', 'nonsense', 'silence', 'redirect'] as const)(
    'answering with %s makes no token a forgery, and is left in peace for a while',
    async (fault) => {
      answer = fault;
      // Only silence is waited out; what comes late is an answer all the same.
      const users = withKeys({ timeoutMs: fault === 'silence' ? 500 : 5000, cooldownMs: 1000 });
      const jwt = await token('k1', 'RS256', pairs.rsa.privateKey);
      const flood = Array.from({ length: 50 }, () => verify(users, jwt));
      for (const one of await Promise.allSettled(flood)) expect(one).toMatchObject({ reason: unavailable });
      await expect(verify(users, jwt)).rejects.toMatchObject({ retryAfter: 1 });
      expect(fetches).toBe(1);
      answer = 'keys';
      await eventually(async () => expect(await verify(users, jwt)).toEqual(user));
      expect(fetches).toBe(2);
    },
  );

  it('is away: the last set goes on counting for a while, a new key cannot be told from a forgery', async () => {
    const users = withKeys({ maxAgeMs: 0, cooldownMs: 60_000, maxStaleMs: 60_000 });
    await verify(users, await token('k1', 'RS256', pairs.rsa.privateKey));
    answer = 'error';
    expect(await verify(users, await token('k1', 'PS256', pairs.rsa.privateKey))).toEqual(user);
    await expect(verify(users, await token('k1', 'RS256', pairs.other.privateKey))).rejects.toEqual(refused);
    await expect(verify(users, await token('k2', 'RS256', pairs.other.privateKey))).rejects.toEqual(unavailable);
    expect(fetches).toBe(2);
  });

  it('is away for too long: nothing counts any more', async () => {
    const users = withKeys({ maxAgeMs: 20, cooldownMs: 0, maxStaleMs: 20 }, 0);
    const jwt = await token('k1', 'RS256', pairs.rsa.privateKey);
    await verify(users, jwt);
    answer = 'error';
    await eventually(() => expect(verify(users, jwt)).rejects.toEqual(unavailable), { intervalMs: 10 });
  });

  it('is not there at all', async () => {
    const users = withKeys({}, Infinity, 'http://127.0.0.1:1/keys');
    await expect(verify(users, await token('k1', 'RS256', pairs.rsa.privateKey))).rejects.toEqual(unavailable);
  });
});
