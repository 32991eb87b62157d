import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { describe, expect, it, vi } from 'vitest';
import { UserTokens } from './user-tokens.js';

const settings = { JWT_SECRET: 'unit-test-secret-of-32-bytes-or-more', JWT_ISSUER: 'shop', JWT_AUDIENCE: 'cart' };
const NOW = Date.UTC(2026, 0, 1);
const SECONDS = NOW / 1000;
const GOOD_HEADER = { alg: 'HS256', typ: 'JWT' };
const GOOD_CLAIMS = { iss: 'shop', aud: 'cart', sub: '42', exp: SECONDS + 600, roles: ['admin'] };

const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');

/** A token of arbitrary header and claims, correctly signed unless told otherwise. */
function token(header: object, claims: object, secret: string | Buffer = settings.JWT_SECRET, hash = 'sha256'): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`;
}

function withRsa(): { publicPem: string; rs256: string } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signed = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(GOOD_CLAIMS)}`;
  const rs256 = `${signed}.${createSign('RSA-SHA256').update(signed).sign(privateKey, 'base64url')}`;
  return { publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(), rs256 };
}

const rsa = withRsa();
const good = token(GOOD_HEADER, GOOD_CLAIMS);
const claims = (change: object) => token(GOOD_HEADER, { ...GOOD_CLAIMS, ...change });
const header = (change: object) => token({ ...GOOD_HEADER, ...change }, GOOD_CLAIMS);

const FORGED: [name: string, token: string][] = [
  ['alg none without a signature', `${encode({ alg: 'none', typ: 'JWT' })}.${encode(GOOD_CLAIMS)}.`],
  ['alg NoNe with a signature', token({ alg: 'NoNe', typ: 'JWT' }, GOOD_CLAIMS)],
  ['HS256 under an RSA public key', token(GOOD_HEADER, GOOD_CLAIMS, rsa.publicPem)],
  ['RS256', rsa.rs256],
  ['HS512 under our secret', token({ alg: 'HS512', typ: 'JWT' }, GOOD_CLAIMS, settings.JWT_SECRET, 'sha512')],
  ['another secret', token(GOOD_HEADER, GOOD_CLAIMS, 'another-secret-of-32-bytes-or-more-!!')],
  ['an empty secret', token(GOOD_HEADER, GOOD_CLAIMS, '')],
  [
    'claims changed after signing',
    [good.split('.')[0], encode({ ...GOOD_CLAIMS, sub: '1' }), good.split('.')[2]].join('.'),
  ],
  ['a cut signature', good.slice(0, -4)],
  ['no signature', good.split('.').slice(0, 2).join('.')],
  ['five parts', `${good}.a.b`],
  ['wrong issuer', claims({ iss: 'elsewhere' })],
  ['no issuer', claims({ iss: undefined })],
  ['wrong audience', claims({ aud: 'mail' })],
  ['no audience', claims({ aud: undefined })],
  ['no expiry', claims({ exp: undefined })],
  ['an expiry in text', claims({ exp: String(SECONDS + 600) })],
  ['expired', claims({ exp: SECONDS - 61 })],
  ['not yet valid', claims({ nbf: SECONDS + 61 })],
  ['another typ', header({ typ: 'id+jwt' })],
  ['crit', header({ crit: ['exp'], exp: 1 })],
  ['crit b64', header({ crit: ['b64'], b64: false })],
  ['jku', header({ jku: 'https://evil.example/jwks.json' })],
  ['jwk', header({ jwk: { kty: 'oct', k: 'YQ' } })],
  ['x5u', header({ x5u: 'https://evil.example/cert.pem' })],
  ['no subject', claims({ sub: undefined })],
  ['a subject that is a number', claims({ sub: 42 })],
  ['subject 0', claims({ sub: '0' })],
  ['a subject with a leading zero', claims({ sub: '042' })],
  ['a subject that is a name', claims({ sub: 'admin' })],
  ['a subject over 2^63-1', claims({ sub: '9223372036854775808' })],
  ['a subject in an array', claims({ sub: ['42'] })],
  ['roles null', claims({ roles: null })],
  ['roles of numbers', claims({ roles: [1] })],
  ['64 KB', token(GOOD_HEADER, { ...GOOD_CLAIMS, sub: '9'.repeat(64 * 1024) })],
  ['nothing', ''],
  ['two dots', '..'],
];

describe(UserTokens.name, () => {
  const tokens = () => new UserTokens(settings, () => NOW);

  it.each(FORGED)('refuses %s', async (_name, forged) => {
    await expect(tokens().verify(`Bearer ${forged}`)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('takes a good token: the table above refuses for the reason it names', async () => {
    await expect(tokens().verify(`Bearer ${good}`)).resolves.toEqual({ kind: 'user', id: '42', roles: ['admin'] });
  });

  it.each([
    ['no typ', header({ typ: undefined })],
    ['A17: the typ of an access token', header({ typ: 'at+jwt' })],
    ['A17: the typ of an access token as a media type', header({ typ: 'application/at+JWT' })],
    ['a kid that looks like a path', header({ kid: "../../etc/passwd' OR 1=1" })],
    ['several audiences, ours among them', claims({ aud: ['mail', 'cart'] })],
    ['clocks a little apart', claims({ exp: SECONDS - 20, nbf: SECONDS + 20 })],
    ['the largest id', claims({ sub: '9223372036854775807' })],
  ])('takes %s', async (_name, accepted) => {
    await expect(tokens().verify(`bearer ${accepted}`)).resolves.toMatchObject({ kind: 'user' });
  });

  it('takes a token without roles for a shopper', async () => {
    await expect(tokens().verify(`Bearer ${claims({ roles: undefined })}`)).resolves.toMatchObject({ roles: [] });
  });

  it('A17: takes roles that are words in a text', async () => {
    const roles = async (text: string) => (await tokens().verify(`Bearer ${claims({ roles: text })}`)).roles;
    expect(await roles('admin')).toEqual(['admin']);
    expect(await roles(' admin  payment ')).toEqual(['admin', 'payment']);
    expect(await roles('')).toEqual([]);
  });

  it('A17: says once in the log why a token was refused, and nothing of the token', async () => {
    const lines: string[] = [];
    vi.spyOn(Logger.prototype, 'warn').mockImplementation((line: string) => void lines.push(line));
    const some = tokens();
    const refused = [
      ['expired', claims({ exp: SECONDS - 61, sub: 'auth0|66f1' }), '"exp" claim'],
      ['foreign sub', claims({ sub: 'auth0|66f1' }), 'its sub is not an id'],
      ['wrong audience', claims({ aud: 'mail' }), '"aud" claim'],
      ['wrong signature', token(GOOD_HEADER, GOOD_CLAIMS, 'another-secret-of-32-bytes-or-more-!!'), 'signature'],
      ['no JWT', 'nonsense', 'JWS'],
      ['numbers as roles', claims({ roles: [1] }), 'its roles'],
      ['typ', header({ typ: 'id+jwt' }), 'its typ'],
    ] as const;
    for (const [, text] of refused) {
      for (let i = 0; i < 3; i++) await expect(some.verify(`Bearer ${text}`)).rejects.toThrow();
    }
    expect(lines).toHaveLength(refused.length);
    for (const [i, [, text, reason]] of refused.entries()) {
      expect(lines[i]).toContain(reason);
      for (const part of [...text.split('.'), 'auth0', 'mail']) expect(lines[i]).not.toContain(part);
    }
  });

  it.each(['Basic YTpi', 'Bearer', '', good])('refuses the header "%s"', async (authorization) => {
    await expect(tokens().verify(authorization)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('answers a token it has seen at once, until it expires', async () => {
    let now = NOW;
    const cached = new UserTokens(settings, () => now);
    const caller = await cached.verify(`Bearer ${good}`);
    expect(cached.verify(`Bearer ${good}`)).toBe(caller);
    now += 700_000;
    expect(() => cached.verify(`Bearer ${good}`)).toThrow('expired');
    await expect(cached.verify(`Bearer ${good}`)).rejects.toThrow('expired');
  });

  it('does not remember a forged token', async () => {
    const cached = tokens();
    const forged = `Bearer ${claims({ sub: 'admin' })}`;
    await expect(cached.verify(forged)).rejects.toThrow();
    const again = cached.verify(forged);
    expect(again).toBeInstanceOf(Promise);
    await expect(again).rejects.toThrow();
  });

  it('gives callers that a handler cannot change for the next request', async () => {
    const caller = await tokens().verify(`Bearer ${good}`);
    expect(() => (caller.roles as string[]).push('payment')).toThrow(TypeError);
    expect(() => Object.assign(caller, { id: '1' })).toThrow(TypeError);
  });

  it('verifies what it signs', async () => {
    const signed = await tokens().sign('7', ['payment'], 60);
    await expect(tokens().verify(`Bearer ${signed}`)).resolves.toEqual({ kind: 'user', id: '7', roles: ['payment'] });
    await expect(new UserTokens(settings, () => NOW + 91_000).verify(`Bearer ${signed}`)).rejects.toThrow('expired');
  });
});
