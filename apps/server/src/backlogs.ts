import { Injectable } from '@nestjs/common';
import { Env } from '@app/common';
import { OutboxStore, OverflowStore, ShopperEventTable } from '@app/sync';

/** A change older than this that the broker has not taken means the copy in MySQL is falling behind, ms. */
const LAG_MS = 30_000;
/** An event of a shopper that has waited for the broker longer than this, ms: perhaps its topic is missing. */
const EVENTS_LAG_MS = 5 * 60_000;

/** What waits for the broker: each check throws `lags` or `full`, or as the store that does not answer. */
@Injectable()
export class Backlogs {
  constructor(
    private readonly outbox: OutboxStore,
    private readonly overflow: OverflowStore,
    private readonly events: ShopperEventTable,
    private readonly env: Env,
  ) {}

  async assertOutboxDrains(): Promise<void> {
    const { oldestAgeMs } = await this.outbox.backlog();
    // The marked carts are not equal in MySQL yet, whatever the outbox looks like.
    if (!(await this.overflow.hasRoom()) || (await this.overflow.count()) > 0) throw new Error('full');
    if (oldestAgeMs > LAG_MS) throw new Error('lags');
  }

  /** Without a broker they are kept, and that is as it should be. */
  async assertEventsDrain(): Promise<void> {
    if (this.env.TRANSPORT === 'in-process') return;
    const { oldestAgeMs } = await this.events.backlog();
    if (oldestAgeMs > EVENTS_LAG_MS) throw new Error('lags');
  }
}
