import { Logger } from '@nestjs/common';
import { AppError } from '@app/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Gate } from '../gate.js';
import { isWrite } from '../identity.gate.js';
import type { Policy } from '../policy.js';
import { addressKey } from './client-address.js';
import { RateLimiter } from './rate-limiter.js';

/**
 * Limits what the identity gate lets through: a user and a guest by who they are, all without a user's token by
 * their address as well, for a new guest costs nothing. Refused identities count against the address and never against
 * a good token from the same one. With RATE_LIMITS=off it does not exist.
 */
export class RateLimitGate extends Gate {
  private readonly log = new Logger(RateLimitGate.name);
  private hinted = false;

  constructor(
    private readonly identity: Gate,
    private readonly limiter: RateLimiter,
  ) {
    super();
  }

  admit(request: FastifyRequest, reply: FastifyReply, policy: Policy): void | Promise<unknown> {
    let admitted: void | Promise<unknown>;
    try {
      admitted = this.identity.admit(request, reply, policy);
    } catch (error) {
      return this.countFailure(request, error);
    }
    if (!(admitted instanceof Promise)) return this.count(request, policy);
    return admitted.then(
      () => this.count(request, policy),
      (error: unknown) => this.countFailure(request, error),
    );
  }

  private count(request: FastifyRequest, policy: Policy): void | Promise<unknown> {
    const { caller } = request;
    if (caller === undefined) {
      const limit = policy.kind === 'public' ? policy.limit : 'address';
      return limit === 'unlimited' ? undefined : this.countAddress(limit, request);
    }
    const ofOwner = this.limiter.count(isWrite(request) ? 'writes' : 'reads', `${caller.kind}:${caller.id}`);
    // Written together, so both counts are one trip to Redis.
    return caller.kind === 'user' ? ofOwner : Promise.all([ofOwner, this.countAddress('address', request)]);
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
