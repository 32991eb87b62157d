import { describe, expect, it } from 'vitest';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from './caller.js';
import { GuestTokens } from './guest-tokens.js';
import { IdentityGate } from './identity.gate.js';
import type { Policy } from './policy.js';
import { UserTokens } from './user-tokens.js';

const OLD = 'old:unit-test-guest-key-of-32-bytes-or-more';
const NEW = 'new:another-guest-key-of-32-bytes-or-more-here';
const users = new UserTokens({
  JWT_SECRET: 'unit-test-secret-of-32-bytes-or-more',
  JWT_ISSUER: 'shop',
  JWT_AUDIENCE: 'cart',
});
const guests = new GuestTokens({ GUEST_KEYS: [NEW, OLD] });
const gate = new IdentityGate(users, guests);

const ADMIN: Policy = { kind: 'roles', roles: ['admin'] };
const SHOPPER: Policy = { kind: 'shopper' };

function attempt(policy: Policy, headers: object = {}, method = 'POST') {
  const request = { headers, method, caller: undefined as Caller | undefined };
  const sent = new Map<string, string>();
  const reply = { header: (name: string, value: string) => sent.set(name, value) };
  const admit = () => gate.admit(request as FastifyRequest, reply as unknown as FastifyReply, policy);
  return { admit, request, sent };
}

const refusedWith = (code: string) => expect.objectContaining({ code }) as Error;

describe(IdentityGate.name, () => {
  it('decides without a promise about a token it has seen', async () => {
    const headers = { authorization: `Bearer ${await users.sign('42', ['admin'], 60)}` };
    const first = attempt(ADMIN, headers).admit();
    expect(first).toBeInstanceOf(Promise);
    await first;
    const second = attempt(ADMIN, headers);
    expect(second.admit()).toBeUndefined();
    expect(second.request.caller).toEqual({ kind: 'user', id: '42', roles: ['admin'] });
  });

  it('asks who it is unless the route is public, and names a caller without the role', async () => {
    expect(attempt({ kind: 'public', limit: 'address' }).admit()).toBeUndefined();
    expect(() => attempt(ADMIN).admit()).toThrow(refusedWith('UNAUTHENTICATED'));
    const plain = attempt(ADMIN, { authorization: `Bearer ${await users.sign('43', [], 60)}` });
    await expect(plain.admit()).rejects.toThrow(refusedWith('FORBIDDEN'));
    expect(plain.request.caller).toMatchObject({ id: '43' });
  });

  it('hands a re-signed token to a guest who writes with an old one, and to no other caller', () => {
    const old = { 'x-client-cart-id': new GuestTokens({ GUEST_KEYS: [OLD] }).issue() };
    const write = attempt(SHOPPER, old);
    void write.admit();
    expect(write.sent.get('x-client-cart-id')).toMatch(/^v1\.new\./);

    const read = attempt(SHOPPER, old, 'GET');
    void read.admit();
    expect(read.sent.size).toBe(0);

    const current = attempt(SHOPPER, { 'x-client-cart-id': guests.issue() });
    void current.admit();
    expect(current.sent.size).toBe(0);
  });
});
