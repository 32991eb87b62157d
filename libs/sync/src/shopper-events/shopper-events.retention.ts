import { BeforeApplicationShutdown, Inject, Injectable, Logger, OnApplicationBootstrap } from '@nestjs/common';
import { Env } from '@app/common';
import { keys, LockService } from '@app/redis';
import { EventPublisher } from '@app/rocketmq';
import { Repeater } from './repeater.js';
import { SHOPPER_TOPIC } from './shopper-event.publisher.js';
import { ShopperEventTable } from './shopper-event.table.js';

const EVERY_MS = 3_600_000;
const BATCH = 1_000;
const LEASE_MS = 10_000;

/**
 * Takes events out of the table that were sent more than SHOPPER_EVENTS_DAYS ago; without a broker, where none is ever
 * sent, those that are as old. What is gone is forgotten: the same price may be told to the same shopper again.
 */
@Injectable()
export class ShopperEventsRetention implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly repeater = new Repeater(
    'old events of shoppers stay',
    EVERY_MS,
    async () => (await this.purge()) === BATCH,
    new Logger(ShopperEventsRetention.name),
  );

  constructor(
    @Inject(SHOPPER_TOPIC) private readonly topic: EventPublisher | null,
    private readonly table: ShopperEventTable,
    private readonly locks: LockService,
    private readonly env: Env,
  ) {}

  onApplicationBootstrap(): void {
    this.repeater.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.repeater.stop();
  }

  /** One batch of each kind; returns the larger number. */
  async purge(): Promise<number> {
    const days = this.env.SHOPPER_EVENTS_DAYS;
    const batch = await this.locks.tryExclusive(
      keys.lock.cron('shopper-events-retention'),
      async () => {
        const sent = await this.table.purge(days, BATCH);
        return this.topic ? sent : Math.max(sent, await this.table.purge(days, BATCH, true));
      },
      { leaseMs: LEASE_MS },
    );
    return batch.ran ? batch.value : 0;
  }
}
