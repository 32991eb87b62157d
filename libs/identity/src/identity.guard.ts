import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { AppError } from '@app/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from './caller.js';
import { GuestTokens } from './guest-tokens.js';
import { type Policy, policyOf } from './policy.js';
import { UserTokens } from './user-tokens.js';

const CLIENT_CART_ID_HEADER = 'x-client-cart-id';

/**
 * Decides on every HTTP route who is asking and whether they may, and leaves the answer in `request.caller`. A route
 * without a policy is nobody's. For a token seen before it decides without a promise.
 *
 * A bearer token wins over a guest's header, and a bad one is 401 even beside a good guest header: falling back to the
 * guest would show a user whose token ran out somebody else's cart.
 */
@Injectable()
export class IdentityGuard implements CanActivate {
  private readonly policies = new WeakMap<object, WeakMap<object, Policy>>();

  constructor(
    private readonly users: UserTokens,
    private readonly guests: GuestTokens,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const policy = this.policyFor(context.getClass(), context.getHandler());
    if (policy.kind === 'public') return true;
    const request = context.getArgByIndex<FastifyRequest>(0);
    const { authorization, [CLIENT_CART_ID_HEADER]: clientCartId } = request.headers;
    if (authorization !== undefined) {
      const user = this.users.verify(authorization);
      return user instanceof Promise
        ? user.then((caller) => admit(request, caller, policy))
        : admit(request, user, policy);
    }
    if (policy.kind !== 'shopper' || clientCartId === undefined) throw new AppError('UNAUTHENTICATED');
    const guest = this.guests.verify(String(clientCartId));
    if (guest.resigned !== undefined && isWrite(request)) {
      context.getArgByIndex<FastifyReply>(1).header(CLIENT_CART_ID_HEADER, guest.resigned);
    }
    return admit(request, guest, policy);
  }

  /** The policy of a route; its metadata is looked up once. Throws AppError FORBIDDEN when it has none. */
  policyFor(controller: object, handler: object): Policy {
    const known = this.policies.get(controller)?.get(handler);
    if (known !== undefined) return known;
    const policy = policyOf(controller, handler);
    if (policy === undefined) throw new AppError('FORBIDDEN');
    const ofController = this.policies.get(controller) ?? new WeakMap<object, Policy>();
    this.policies.set(controller, ofController.set(handler, policy));
    return policy;
  }
}

function admit(request: FastifyRequest, caller: Caller, policy: Policy): true {
  // Also of whoever is refused: the audit names them.
  request.caller = caller;
  if (
    policy.kind === 'roles' &&
    !(caller.kind === 'user' && policy.roles.some((role) => caller.roles.includes(role)))
  ) {
    throw new AppError('FORBIDDEN');
  }
  return true;
}

/** Whether a request may change something. */
export function isWrite({ method }: FastifyRequest): boolean {
  return method !== 'GET' && method !== 'HEAD';
}
