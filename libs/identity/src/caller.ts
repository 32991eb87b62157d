import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** Who is asking, as the guard has proved it. */
export type Caller = UserCaller | GuestCaller;

export interface UserCaller {
  readonly kind: 'user';
  /** The user id: the token's `sub`. */
  readonly id: string;
  readonly roles: readonly string[];
}

export interface GuestCaller {
  readonly kind: 'guest';
  /** The random part of the token: the key in Redis, and a secret. For logs and events see hashGuestId(). */
  readonly id: string;
  /** The same guest's token under the current key, when the one sent was signed with an old key. */
  readonly resigned?: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    caller?: Caller;
  }
}

/**
 * `@CurrentCaller() caller: Caller` in a handler. The type may be `UserCaller` under `@UserOnly()` and `@Roles()`, which
 * let nobody else through.
 */
export const CurrentCaller = createParamDecorator((_data: unknown, context: ExecutionContext): Caller => {
  const { caller } = context.switchToHttp().getRequest<FastifyRequest>();
  if (caller === undefined) throw new Error('@CurrentCaller() on a public route: nobody was asked who they are');
  return caller;
});
