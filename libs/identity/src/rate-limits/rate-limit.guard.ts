import { type CanActivate, type ExecutionContext, Injectable, Logger } from '@nestjs/common';
import { AppError } from '@app/common';
import type { FastifyRequest } from 'fastify';
import { IdentityGuard, isWrite } from '../identity.guard.js';
import { addressKey } from './client-address.js';
import { RateLimiter } from './rate-limiter.js';

/**
 * Limits what the identity guard lets through: a user and a guest by who they are, everybody without a user's token by
 * their address as well, for a new guest costs nothing. Refused identities count against the address and never against
 * a good token from the same one. Registered instead of IdentityGuard; with RATE_LIMITS=off it does not exist.
 */
@Injectable()
export class RateLimitGuard implements CanActivate {
  private readonly log = new Logger(RateLimitGuard.name);
  private hinted = false;

  constructor(
    private readonly identity: IdentityGuard,
    private readonly limiter: RateLimiter,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (context.getType() !== 'http') return this.identity.canActivate(context);
    const request = context.getArgByIndex<FastifyRequest>(0);
    let admitted: boolean | Promise<boolean>;
    try {
      admitted = this.identity.canActivate(context);
    } catch (error) {
      return this.countFailure(request, error);
    }
    if (!(admitted instanceof Promise)) return this.count(context, request);
    return admitted.then(
      () => this.count(context, request),
      (error: unknown) => this.countFailure(request, error),
    );
  }

  private count(context: ExecutionContext, request: FastifyRequest): boolean | Promise<boolean> {
    const { caller } = request;
    if (caller === undefined) {
      const policy = this.identity.policyFor(context.getClass(), context.getHandler());
      const limit = policy.kind === 'public' ? policy.limit : 'address';
      return limit === 'unlimited' || this.countAddress(limit, request);
    }
    const ofOwner = this.limiter.count(isWrite(request) ? 'writes' : 'reads', `${caller.kind}:${caller.id}`);
    // Written together, so both counts are one trip to Redis.
    return caller.kind === 'user'
      ? ofOwner
      : Promise.all([ofOwner, this.countAddress('address', request)]).then(() => true);
  }

  private async countFailure(request: FastifyRequest, error: unknown): Promise<never> {
    const isRefusal = error instanceof AppError && (error.status === 401 || error.status === 403);
    if (isRefusal) await this.countAddress('failures', request);
    throw error;
  }

  private countAddress(kind: 'address' | 'guest-carts' | 'failures', request: FastifyRequest): Promise<true> {
    return this.limiter.count(kind, addressKey(request.ip)).catch((refusal: unknown) => {
      this.hint(request);
      throw refusal;
    });
  }

  /** The commonest mistake: behind a proxy that is not named, all shoppers share the limit of one address. */
  private hint({ ip, headers, raw }: FastifyRequest): void {
    if (this.hinted || headers['x-forwarded-for'] === undefined || ip !== raw.socket.remoteAddress) return;
    this.hinted = true;
    this.log.warn(`Limited ${ip}, which sends X-Forwarded-For: if that is your proxy, name it in TRUST_PROXY`);
  }
}
