import { randomBytes } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { AppError } from '@app/common';
import { keys, loadScripts, RedisConnection } from '@app/redis';
import type { IdempotentRequest } from './idempotent-request.js';

const scripts = loadScripts(new URL('../lua/', import.meta.url));
const SCRIPTS = { claim: scripts.get('claim-idempotency'), settle: scripts.get('settle-idempotency') };

/** A claim whose request died before its script ran lapses after this, seconds. */
const CLAIM_SECONDS = 30;
/** How long an answer is kept for repeats, seconds. */
const ANSWER_SECONDS = 24 * 60 * 60;
/** Answers of one owner. Beyond either bound the oldest goes first: its key counts as new from then on. */
const MOST = { answers: 1_000, bytes: 1024 * 1024 };

/** The right to answer for an idempotency record. */
export interface IdempotencyClaim extends IdempotentRequest {
  token: string;
}

/**
 * The records of requests with an `Idempotency-Key`. A request claims its record first; the script that makes the
 * change settles it in the same step (`libs/cart/src/lua/includes/cart.lua`), so that no crash can part the two.
 */
@Injectable()
export class IdempotencyStore {
  private readonly logger = new Logger(IdempotencyStore.name);

  constructor(private readonly redis: RedisConnection) {}

  /**
   * The claim, or the answer the first request was given. Throws `IDEMPOTENCY_IN_PROGRESS` while the first one is under
   * way, `IDEMPOTENCY_KEY_REUSED` for another body.
   */
  async claim(request: IdempotentRequest): Promise<{ claim: IdempotencyClaim } | { answer: string }> {
    const claim = { ...request, token: randomBytes(12).toString('base64url') };
    const [code, answer] = (await this.redis.run(
      SCRIPTS.claim,
      [claim.key, keys.idempotencyIndex(claim.key)],
      [claim.token, claim.hash, ...[CLAIM_SECONDS, ANSWER_SECONDS, MOST.answers, MOST.bytes].map(String)],
    )) as [code: string, answer?: string];
    if (code === 'CLAIMED') return { claim };
    if (code === 'DONE') return { answer: answer! };
    throw new AppError(code === 'REUSED' ? 'IDEMPOTENCY_KEY_REUSED' : 'IDEMPOTENCY_IN_PROGRESS');
  }

  /** Keeps an answer for repeats, of a request that no script has settled. */
  async settle(claim: IdempotencyClaim, answer: string): Promise<void> {
    await this.redis.run(SCRIPTS.settle, [claim.key], [claim.token, claim.hash, answer, String(ANSWER_SECONDS)]);
  }

  /** The request came to nothing that repeats shall hear of: the next may try. Never throws; a claim lapses by itself. */
  async release(claim: IdempotencyClaim): Promise<void> {
    try {
      await this.redis.run(SCRIPTS.settle, [claim.key], [claim.token, claim.hash, '', '0']);
    } catch (error) {
      this.logger.warn(`an idempotency claim was not released: ${(error as Error).message}`);
    }
  }
}
