import { Injectable, Logger } from '@nestjs/common';
import { AppError } from '@app/common';
import { CartStore } from '@app/cart';
import { CartTable, DatabaseUnavailableError, highestVersion } from '@app/database';
import { planRebuild } from './rebuild.plan.js';
import { SyncResult, SyncService } from './sync.service.js';

const ATTEMPTS = 5;

/** Brings a user's cart in Redis back to what MySQL has. */
@Injectable()
export class RebuildService {
  private readonly logger = new Logger(RebuildService.name);

  constructor(
    private readonly store: CartStore,
    private readonly table: CartTable,
    private readonly sync: SyncService,
  ) {}

  /**
   * Counts are of Redis's side: items written there, and items dropped. Throws REDIS_NEWER, one error per SKU, when Redis
   * has something newer and `force` is not given.
   */
  async rebuild(userId: string, force: boolean): Promise<SyncResult> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const picture = await this.sync.picture(userId);
      const rows = await this.table.loadAll(userId);
      const plan = planRebuild(picture, rows, force);
      if (plan.newer.length > 0 && !force) {
        throw new AppError(
          'REDIS_NEWER',
          plan.newer.map((skuId) => ({ code: 'REDIS_NEWER', skuId })),
        );
      }
      const { version } = picture.cart;
      const rebuilt =
        plan.steps.length === 0
          ? version
          : await this.store.rebuild(userId, { version, maxRowVersion: highestVersion(rows), steps: plan.steps });
      if (rebuilt === undefined) continue;
      await this.writeBack(userId);
      const written = plan.steps.filter(({ what }) => what === 'take' || what === 'stamp').length;
      return { written, softDeleted: plan.steps.length - written, unchanged: plan.unchanged, version: rebuilt };
    }
    throw new AppError('CART_BUSY', [], 'The cart changes faster than it can be rebuilt', { retryAfter: 1 });
  }

  /** What was stamped goes to MySQL at once; should that fail, the queue brings it. */
  private async writeBack(userId: string): Promise<void> {
    try {
      await this.sync.sync(userId, 'uncounted');
    } catch (error) {
      if (!(error instanceof DatabaseUnavailableError) && !(error instanceof AppError)) throw error;
      this.logger.warn(`a rebuilt cart is not in MySQL yet: ${error.message}`);
    }
  }
}
