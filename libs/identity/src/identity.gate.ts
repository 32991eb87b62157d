import { AppError } from '@app/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from './caller.js';
import { Gate } from './gate.js';
import { GuestTokens } from './guest-tokens.js';
import type { Policy } from './policy.js';
import { UserTokens } from './user-tokens.js';

const CLIENT_CART_ID_HEADER = 'x-client-cart-id';

/**
 * Decides who is asking and whether they may. For a token seen before it decides without a promise.
 *
 * A bearer token wins over a guest's header, and a bad one is 401 even beside a good guest header: falling back to the
 * guest would show a user whose token ran out the cart of another shopper.
 */
export class IdentityGate extends Gate {
  constructor(
    private readonly users: UserTokens,
    private readonly guests: GuestTokens,
  ) {
    super();
  }

  admit(request: FastifyRequest, reply: FastifyReply, policy: Policy): void | Promise<unknown> {
    if (policy.kind === 'public') return;
    const { authorization, [CLIENT_CART_ID_HEADER]: clientCartId } = request.headers;
    if (authorization !== undefined) {
      const user = this.users.verify(authorization);
      return user instanceof Promise
        ? user.then((caller) => admitCaller(request, caller, policy))
        : admitCaller(request, user, policy);
    }
    if (policy.kind !== 'shopper' || clientCartId === undefined) throw new AppError('UNAUTHENTICATED');
    const guest = this.guests.verify(String(clientCartId));
    if (guest.resigned !== undefined && isWrite(request)) reply.header(CLIENT_CART_ID_HEADER, guest.resigned);
    admitCaller(request, guest, policy);
  }
}

function admitCaller(request: FastifyRequest, caller: Caller, policy: Policy): void {
  // Also of a caller who is refused: the audit names them.
  request.caller = caller;
  if (
    policy.kind === 'roles' &&
    !(caller.kind === 'user' && policy.roles.some((role) => caller.roles.includes(role)))
  ) {
    throw new AppError('FORBIDDEN');
  }
}

/** Whether a request may change something. */
export function isWrite({ method }: FastifyRequest): boolean {
  return method !== 'GET' && method !== 'HEAD';
}
