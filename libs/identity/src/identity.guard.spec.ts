import 'reflect-metadata';
import type { ExecutionContext } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { GuestTokens } from './guest-tokens.js';
import { IdentityGuard } from './identity.guard.js';
import { Public, Roles, Shopper } from './policy.js';
import { UserTokens } from './user-tokens.js';

const OLD = 'old:unit-test-guest-key-of-32-bytes-or-more';
const NEW = 'new:another-guest-key-of-32-bytes-or-more-here';
const users = new UserTokens({
  JWT_SECRET: 'unit-test-secret-of-32-bytes-or-more',
  JWT_ISSUER: 'shop',
  JWT_AUDIENCE: 'cart',
});
const guests = new GuestTokens({ GUEST_KEYS: [NEW, OLD] });
const guard = new IdentityGuard(users, guests);

@Roles('admin')
class AdminBase {
  inherited() {}

  @Public()
  open() {}

  @Shopper()
  shopper() {}
}

class NoPolicy {
  forgotten() {}
}

class Borrower {}

function contextOf(
  controller: object,
  handler: object | undefined,
  headers: object = {},
  method = 'POST',
  type = 'http',
) {
  const request = { headers, method, caller: undefined };
  const sent = new Map<string, string>();
  const reply = { header: (name: string, value: string) => sent.set(name, value) };
  const context = {
    getType: () => type,
    getClass: () => controller,
    getHandler: () => handler,
    getArgByIndex: (index: number) => [request, reply][index],
  } as unknown as ExecutionContext;
  return { context, request, sent };
}

const { open, shopper, inherited } = AdminBase.prototype as unknown as Record<string, object>;
const { forgotten } = NoPolicy.prototype as unknown as Record<string, object>;

describe(IdentityGuard.name, () => {
  it('decides without a promise about a token it has seen', async () => {
    const headers = { authorization: `Bearer ${await users.sign('42', ['admin'], 60)}` };
    const first = contextOf(AdminBase, inherited, headers);
    expect(guard.canActivate(first.context)).toBeInstanceOf(Promise);
    await guard.canActivate(first.context);
    const second = contextOf(AdminBase, inherited, headers);
    expect(guard.canActivate(second.context)).toBe(true);
    expect(second.request.caller).toEqual({ kind: 'user', id: '42', roles: ['admin'] });
  });

  it("prefers the method's policy to its controller's", () => {
    expect(guard.canActivate(contextOf(AdminBase, open).context)).toBe(true);
    expect(() => guard.canActivate(contextOf(AdminBase, inherited).context)).toThrow(
      expect.objectContaining({ code: 'UNAUTHENTICATED' }) as Error,
    );
  });

  it('denies a route without a policy, and does not borrow one for a handler two controllers share', () => {
    const denied = expect.objectContaining({ code: 'FORBIDDEN' }) as Error;
    expect(() => guard.canActivate(contextOf(NoPolicy, forgotten).context)).toThrow(denied);
    expect(() => guard.canActivate(contextOf(Borrower, inherited).context)).toThrow(denied);
  });

  it('leaves messages alone: they come from the broker, not from a caller', () => {
    expect(guard.canActivate(contextOf(NoPolicy, forgotten, {}, '', 'rpc').context)).toBe(true);
  });

  it('hands a re-signed token to a guest who writes with an old one, and to nobody else', () => {
    const old = { 'x-client-cart-id': new GuestTokens({ GUEST_KEYS: [OLD] }).issue() };
    const write = contextOf(AdminBase, shopper, old);
    expect(guard.canActivate(write.context)).toBe(true);
    expect(write.sent.get('x-client-cart-id')).toMatch(/^v1\.new\./);

    const read = contextOf(AdminBase, shopper, old, 'GET');
    expect(guard.canActivate(read.context)).toBe(true);
    expect(read.sent.size).toBe(0);

    const current = contextOf(AdminBase, shopper, { 'x-client-cart-id': guests.issue() });
    expect(guard.canActivate(current.context)).toBe(true);
    expect(current.sent.size).toBe(0);
  });
});
