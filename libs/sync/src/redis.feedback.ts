import { Injectable, Logger } from '@nestjs/common';
import { CartStore, SentChange } from '@app/cart';
import { CartRow, toCartRows } from '@app/database';
import { Epochs } from './epochs.js';
import { SyncService } from './sync.service.js';

/** What Redis hears of changes that MySQL has committed. */
@Injectable()
export class RedisFeedback {
  private readonly logger = new Logger(RedisFeedback.name);

  constructor(
    private readonly store: CartStore,
    private readonly sync: SyncService,
    private readonly epochs: Epochs,
  ) {}

  /**
   * A change of an earlier epoch may be one that Redis has lost, and its cart may have been loaded from MySQL before the
   * change came there: such carts are compared. Not the change is offered but what MySQL has now, and only to the cart
   * that was compared, for a late change may have been followed by a removal. A load under way reads again first: it is
   * either done before, and compared, or sees the change. Throws when Redis is away, so that the message comes again:
   * nobody else would notice.
   */
  async repairLost(changes: readonly SentChange[]): Promise<void> {
    const users = changes.filter(({ owner }) => owner.kind === 'user');
    if (users.length === 0) return;
    const epoch = await this.epochs.current();
    const lost = new Set(users.filter((change) => change.epoch < epoch).map(({ owner }) => owner.id));
    for (const userId of lost) {
      await this.store.overtakeLoad({ kind: 'user', id: userId });
      await this.sync.reconcile(userId, '0');
    }
    if (lost.size > 0) this.logger.log(`${lost.size} carts were compared after changes of an earlier epoch`);
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
