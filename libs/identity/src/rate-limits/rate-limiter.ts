import { Logger } from '@nestjs/common';
import { AppError, type Env, type Metrics, type RateLimit } from '@app/common';
import { keys, loadScripts, type RedisConnection, RedisUnavailableError } from '@app/redis';
import { LRUCache } from 'lru-cache';
import { Counter } from 'prom-client';

const COUNT = loadScripts(new URL('./lua/', import.meta.url)).get('count-request');
/** Keys this process remembers as refused, and counts by itself while Redis is away. */
const REMEMBERED = 10_000;

/** What is limited; the metric's label and a part of the key in Redis. */
export type RateLimitKind = 'reads' | 'writes' | 'address' | 'guest-carts' | 'failures';

export type RateLimitSettings = Pick<
  Env,
  'RATE_LIMIT_READS' | 'RATE_LIMIT_WRITES' | 'RATE_LIMIT_ADDRESS' | 'RATE_LIMIT_GUEST_CARTS' | 'RATE_LIMIT_FAILURES'
>;

interface Window {
  used: number;
  endsAt: number;
}

/**
 * Counts requests in Redis, so that all instances share the limits: one command a count. Who is over a limit is refused
 * by the process alone until the window ends. While Redis is away each process counts by itself: a limit must not take
 * away what can still be served, and nobody may do what they like because of it either.
 */
export class RateLimiter {
  private readonly log = new Logger(RateLimiter.name);
  private readonly limits: Record<RateLimitKind, RateLimit>;
  private readonly refusedUntil = new LRUCache<string, number>({ max: REMEMBERED });
  private readonly ownWindows = new LRUCache<string, Window>({ max: REMEMBERED });
  private readonly refusals: Counter<'kind'>;
  private readonly unshared: Counter;

  constructor(
    env: RateLimitSettings,
    private readonly redis: RedisConnection,
    { registry }: Metrics,
  ) {
    this.limits = {
      reads: env.RATE_LIMIT_READS,
      writes: env.RATE_LIMIT_WRITES,
      address: env.RATE_LIMIT_ADDRESS,
      'guest-carts': env.RATE_LIMIT_GUEST_CARTS,
      failures: env.RATE_LIMIT_FAILURES,
    };
    const registers = [registry];
    this.refusals = new Counter({
      name: 'cart_rate_limited_total',
      help: 'Requests refused because of a rate limit',
      labelNames: ['kind'],
      registers,
    });
    for (const kind of Object.keys(this.limits)) this.refusals.inc({ kind }, 0);
    this.unshared = new Counter({
      name: 'cart_rate_limit_unshared_total',
      help: 'Requests counted by one process alone because Redis did not answer',
      registers,
    });
  }

  /** Counts a request of `subject`. Rejects with AppError RATE_LIMITED when the limit is reached, and never otherwise. */
  count(kind: RateLimitKind, subject: string): Promise<true> {
    const key = keys.rateLimit(kind, subject);
    const wait = (this.refusedUntil.get(key) ?? 0) - Date.now();
    if (wait > 0) return Promise.reject(this.refusal(kind, wait));
    const { limit, windowSeconds } = this.limits[kind];
    return this.redis.run(COUNT, [key], [String(limit), `${windowSeconds}000`]).then(
      (left) => this.judge(kind, key, Number(left)),
      (error: unknown) => this.judge(kind, key, this.countAlone(kind, key, error)),
    );
  }

  private judge(kind: RateLimitKind, key: string, left: number): true {
    if (left >= 0) return true;
    this.refusedUntil.set(key, Date.now() - left);
    throw this.refusal(kind, -left);
  }

  /** As the script counts, in this process. */
  private countAlone(kind: RateLimitKind, key: string, error: unknown): number {
    if (!(error instanceof RedisUnavailableError))
      this.log.error({ msg: 'A request could not be counted', err: error });
    this.unshared.inc();
    const { limit, windowSeconds } = this.limits[kind];
    const now = Date.now();
    let window = this.ownWindows.get(key);
    if (window === undefined || window.endsAt <= now) {
      window = { used: 0, endsAt: now + windowSeconds * 1000 };
      this.ownWindows.set(key, window);
    }
    window.used += 1;
    return window.used <= limit ? limit - window.used : now - window.endsAt;
  }

  private refusal(kind: RateLimitKind, waitMs: number): AppError {
    this.refusals.inc({ kind });
    return new AppError('RATE_LIMITED', [{ code: 'RATE_LIMITED', ...this.limits[kind] }], undefined, {
      retryAfter: waitMs / 1000,
    });
  }
}
