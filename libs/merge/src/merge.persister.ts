import { Injectable, Logger } from '@nestjs/common';
import { CartSyncs, LiveCart } from '@app/cart';
import { CartTable, DatabaseUnavailableError } from '@app/database';

/** Has a cart in MySQL before a login is answered. */
@Injectable()
export class MergePersister {
  private readonly logger = new Logger(MergePersister.name);

  constructor(
    private readonly table: CartTable,
    private readonly syncs: CartSyncs,
  ) {}

  /** `false`: MySQL is away. The outbox brings the cart there later. */
  async persist(userId: string, cart: LiveCart): Promise<boolean> {
    try {
      await this.syncs.measure('login', async () => {
        await this.table.upsert(cart.items.map((item) => ({ ...item, userId, deleted: false })));
        return { written: cart.items.length, softDeleted: 0, drift: 0 };
      });
      return true;
    } catch (error) {
      if (!(error instanceof DatabaseUnavailableError)) throw error;
      this.logger.warn(`a merge is not in MySQL yet: ${error.message}`);
      return false;
    }
  }
}
