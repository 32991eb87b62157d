import { Injectable, OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { Env } from '@app/common';
import { Database } from '@app/database';
import { RedisConnection } from '@app/redis';
import { EventPublisher } from '@app/rocketmq';
import { OutboxStore, ShopperEventTable } from '@app/sync';
import { ReadinessDto } from './health.dto.js';

/** A part that does not answer within this time counts as away, ms. */
const ANSWER_MS = 1_000;
/** A change older than this that the broker has not taken means the copy in MySQL is falling behind, ms. */
const LAG_MS = 30_000;
/** An event of a shopper that has waited for the broker longer than this, ms: perhaps its topic is missing. */
const EVENTS_LAG_MS = 5 * 60_000;

/**
 * Whether this process can serve. Without Redis a user's cart is still read from MySQL; without MySQL carts in Redis
 * work as ever; without the broker nobody notices. Only without Redis and MySQL nothing is left.
 */
@Injectable()
export class HealthService implements OnApplicationBootstrap, OnModuleDestroy {
  private isStarted = false;

  constructor(
    private readonly redis: RedisConnection,
    private readonly database: Database,
    private readonly publisher: EventPublisher,
    private readonly outbox: OutboxStore,
    private readonly events: ShopperEventTable,
    private readonly env: Env,
  ) {}

  onApplicationBootstrap(): void {
    this.isStarted = true;
  }

  /** The first thing of a shutdown: whoever balances the load sends nobody here any more. */
  onModuleDestroy(): void {
    this.isStarted = false;
  }

  async readiness(): Promise<ReadinessDto> {
    const [redis, mysql, outbox, events] = await Promise.all([
      answered(this.redis.ping()),
      answered(this.database.ping()),
      answered(this.assertOutboxDrains()),
      answered(this.assertEventsDrain()),
    ]);
    const broker = this.publisher.status.state === 'connected' ? 'ok' : this.publisher.status.state;
    const checks = {
      ...{ redis, mysql, broker },
      outbox: redis === 'ok' ? outbox : 'unknown',
      events: mysql === 'ok' ? events : 'unknown',
    };
    const reasons = Object.entries(checks)
      .filter(([, state]) => state !== 'ok')
      .map(([part, state]) => `${part}: ${state}`);
    if (!this.isStarted) reasons.unshift('not serving');
    const isServing = this.isStarted && (redis === 'ok' || mysql === 'ok');
    return { status: !isServing ? 'unavailable' : reasons.length > 0 ? 'degraded' : 'ok', reasons, checks };
  }

  private async assertOutboxDrains(): Promise<void> {
    const { oldestAgeMs } = await this.outbox.backlog();
    // The marked carts are not equal in MySQL yet, whatever the outbox looks like.
    if (await this.outbox.isFull()) throw new Error('full');
    if (oldestAgeMs > LAG_MS) throw new Error('lags');
  }

  /** Without a broker they are kept, and that is as it should be. */
  private async assertEventsDrain(): Promise<void> {
    if (this.env.TRANSPORT === 'in-process') return;
    const { oldestAgeMs } = await this.events.backlog();
    if (oldestAgeMs > EVENTS_LAG_MS) throw new Error('lags');
  }
}

/** `ok`, or why not: never the text of a driver's error, which names hosts. */
async function answered(check: Promise<unknown>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => (timer = setTimeout(resolve, ANSWER_MS, 'away')));
  const outcome = check.then(
    () => 'ok',
    (error: Error) => (['lags', 'full'].includes(error.message) ? error.message : 'away'),
  );
  try {
    return await Promise.race([outcome, late]);
  } finally {
    clearTimeout(timer);
  }
}
