import { Injectable, Logger } from '@nestjs/common';
import { CartStore, SentChange } from '@app/cart';
import { CartRow, toCartRows } from '@app/database';
import { Epochs } from './epochs.js';

/** What Redis hears of changes that MySQL has committed. */
@Injectable()
export class RedisFeedback {
  private readonly logger = new Logger(RedisFeedback.name);

  constructor(
    private readonly store: CartStore,
    private readonly epochs: Epochs,
  ) {}

  /**
   * A change of an earlier epoch may be one that Redis has lost, and its cart may have been loaded from MySQL before the
   * change came there. Throws when Redis is away, so that the message comes again: nobody else would notice.
   */
  async offerLost(changes: readonly SentChange[]): Promise<void> {
    const users = changes.filter(({ owner }) => owner.kind === 'user');
    if (users.length === 0) return;
    const epoch = await this.epochs.current();
    const lost = users.filter((change) => change.epoch < epoch);
    let taken = 0;
    for (const [userId, rows] of byUser(lost.flatMap(toCartRows))) taken += await this.store.offer(userId, rows);
    if (taken > 0) this.logger.log(`${taken} rows that Redis had lost were given back`);
  }

  /** A tombstone that stays longer does no harm, so a failure here does not bring the message back. */
  async confirmRemovals(changes: readonly SentChange[]): Promise<void> {
    const removed = changes.flatMap(toCartRows).filter((row) => row.deleted);
    try {
      await Promise.all([...byUser(removed)].map(([userId, rows]) => this.store.confirmRemovals(userId, rows)));
    } catch (error) {
      this.logger.warn(`removals not confirmed: ${(error as Error).message}`);
    }
  }
}

function byUser(rows: readonly CartRow[]): Map<string, CartRow[]> {
  const users = new Map<string, CartRow[]>();
  for (const row of rows) {
    const own = users.get(row.userId);
    if (own) own.push(row);
    else users.set(row.userId, [row]);
  }
  return users;
}
