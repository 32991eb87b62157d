import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Policy } from './policy.js';

/**
 * Decides by a route's policy, from the headers alone, who is asking and whether they may. It runs before a byte of the
 * body is read: a stranger's 2 MB cost no parsing.
 */
export abstract class Gate {
  /** Leaves the caller in `request.caller`; throws or rejects with the AppError of the refusal. */
  abstract admit(request: FastifyRequest, reply: FastifyReply, policy: Policy): void | Promise<unknown>;
}
