import { Injectable, OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { Env, held } from '@app/common';
import { EventPublisher } from '@app/rocketmq';
import { OutboxStore, ShopperEventTable } from '@app/sync';
import { ReadinessDto } from './health.dto.js';
import { PartProbes } from './part-probes.js';

/** A part that does not answer within this time counts as away, ms. */
const ANSWER_MS = 1_000;
/** An answer holds for so long, ms: what /health/ready and /metrics ask costs the parts the same however often it is read. */
const HOLDS_MS = 1_000;
/** A change older than this that the broker has not taken means the copy in MySQL is falling behind, ms. */
const LAG_MS = 30_000;
/** An event of a shopper that has waited for the broker longer than this, ms: perhaps its topic is missing. */
const EVENTS_LAG_MS = 5 * 60_000;

/**
 * Whether this process can serve. Without Redis a user's cart is still read from MySQL; without MySQL carts in Redis
 * work as ever; without the broker no shopper notices. Only without Redis and MySQL nothing is left. A part that takes no
 * write, or may lose what it took, is degraded.
 */
@Injectable()
export class HealthService implements OnApplicationBootstrap, OnModuleDestroy {
  private isStarted = false;
  private readonly look = held(HOLDS_MS, () => this.lookAtParts());

  constructor(
    private readonly probes: PartProbes,
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
    const { redis, mysql, outbox, events } = await this.look();
    const broker = this.publisher.status.state === 'connected' ? 'ok' : this.publisher.status.state;
    const checks = {
      ...{ redis: redis.state, mysql: mysql.state, broker },
      outbox: redis.isThere ? outbox : 'unknown',
      events: mysql.isThere ? events : 'unknown',
    };
    const reasons = Object.entries(checks)
      .filter(([, state]) => state !== 'ok')
      .map(([part, state]) => `${part}: ${state}`);
    if (!this.isStarted) reasons.unshift('not serving');
    const isServing = this.isStarted && (redis.isThere || mysql.isThere);
    return { status: !isServing ? 'unavailable' : reasons.length > 0 ? 'degraded' : 'ok', reasons, checks };
  }

  private async lookAtParts() {
    const [redis, mysql, outbox, events] = await Promise.all([
      this.probes.redis(),
      this.probes.mysql(),
      answered(this.assertOutboxDrains()),
      answered(this.assertEventsDrain()),
    ]);
    return { redis, mysql, outbox, events };
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
