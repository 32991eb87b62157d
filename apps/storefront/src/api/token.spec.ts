import { describe, expect, it } from 'vitest';
import { claimsOf } from './token.js';

const tokenOf = (claims: unknown) => `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y`;

describe(claimsOf.name, () => {
  it('reads who the token is for', () => {
    expect(claimsOf(tokenOf({ sub: '42', roles: ['admin'], exp: 9 }))).toEqual({ sub: '42', roles: ['admin'], exp: 9 });
    expect(claimsOf(tokenOf({ sub: 'Zoë' }))).toEqual({ sub: 'Zoë', roles: [], exp: null });
  });

  it.each(['', 'abc', 'a.b.c', tokenOf(null), tokenOf({ sub: 42 })])('makes nothing of %j', (token) => {
    expect(claimsOf(token)).toBeNull();
  });
});
