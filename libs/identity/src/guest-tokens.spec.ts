import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { GuestTokens, hashGuestId } from './guest-tokens.js';

const OLD = 'old:unit-test-guest-key-of-32-bytes-or-more';
const NEW = 'new:another-guest-key:with-a-colon-in-it-32-bytes';

const before = new GuestTokens({ GUEST_KEYS: [OLD] });
const rotated = new GuestTokens({ GUEST_KEYS: [NEW, OLD] });
const after = new GuestTokens({ GUEST_KEYS: [NEW] });

describe(GuestTokens.name, () => {
  it('verifies what it issues', () => {
    const token = before.issue();
    const guest = before.verify(token);
    expect(guest).toEqual({ kind: 'guest', id: token.split('.')[2] });
    expect(before.verify(token)).toBe(guest);
    expect(Object.isFrozen(guest)).toBe(true);
  });

  it('S2: issues 144 random bits, none of them stuck', () => {
    const ids = Array.from({ length: 100_000 }, () => Buffer.from(before.issue().split('.')[2] ?? '', 'base64url'));
    expect(ids.every((id) => id.length === 18)).toBe(true);
    expect(new Set(ids.map((id) => id.toString('hex'))).size).toBe(ids.length);
    for (let bit = 0; bit < 144; bit++) {
      let ones = 0;
      for (const id of ids) ones += ((id[bit >> 3] as number) >> (bit & 7)) & 1;
      // Twelve standard deviations: this fails for a stuck bit and never by chance.
      expect(Math.abs(ones - 50_000)).toBeLessThan(1900);
    }
  });

  it('takes a token of an old key and hands out the same guest under the new one', () => {
    const token = before.issue();
    const guest = rotated.verify(token);
    expect(guest.id).toBe(before.verify(token).id);
    expect(guest.resigned).toMatch(/^v1\.new\./);
    expect(after.verify(guest.resigned as string)).toEqual({ kind: 'guest', id: guest.id });
    expect(() => after.verify(token)).toThrow();
  });

  const good = rotated.issue();
  const [version, kid, random = '', mac = ''] = good.split('.');
  const join = (...parts: (string | undefined)[]) => parts.join('.');

  it.each([
    ['nothing', ''],
    ['a chosen id', 'my-cart'],
    ['a UUID', '2f1acc6c-8f3e-4c7c-9b7d-2d1e4a7f6f0a'],
    ['another version', join('v2', kid, random, mac)],
    ['an unknown key', join(version, 'gone', random, mac)],
    ['a key named like a property', join(version, 'constructor', random, mac)],
    ['the other key', join(version, 'old', random, mac)],
    [
      'another random part',
      join(
        version,
        kid,
        random.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')),
        mac,
      ),
    ],
    [
      'another mac',
      join(
        version,
        kid,
        random,
        mac.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')),
      ),
    ],
    ['a second spelling of the mac', join(version, kid, random, mac.slice(0, -1) + nextSpelling(mac.slice(-1)))],
    ['no mac', join(version, kid, random)],
    ['a short mac', join(version, kid, random, mac.slice(1))],
    ['a fifth part', `${good}.x`],
    ['a line feed at the end', `${good}\n`],
    ['two of them, as Node joins repeated headers', `${good}, ${good}`],
    ['64 KB', 'v1.new.'.padEnd(65_536, 'A')],
  ])('refuses %s', (_name, token) => {
    expect(() => rotated.verify(token)).toThrow(expect.objectContaining({ code: 'INVALID_CLIENT_CART_ID' }) as Error);
  });

  it('refuses to start without a key, or with two of one name', () => {
    expect(() => new GuestTokens({ GUEST_KEYS: [] })).toThrow('names no key');
    expect(() => new GuestTokens({ GUEST_KEYS: [OLD, OLD] })).toThrow('twice');
  });
});

describe(hashGuestId.name, () => {
  it('is the SHA-256 of the id', () => {
    expect(hashGuestId('abc')).toBe(createHash('sha256').update('abc').digest('hex'));
  });
});

/** The last letter of 43 carries four bits: the next letter in the alphabet decodes to the same bytes. */
function nextSpelling(letter: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet[alphabet.indexOf(letter) + 1] as string;
}
