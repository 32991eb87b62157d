import { Injectable } from '@nestjs/common';
import { CartOwner } from '@app/cart';
import { AppError } from '@app/common';
import { StoredRefusal } from './checkout.table.js';
import { toPreviewed } from './dto/to-dto.js';
import { Previews } from './previews.js';
import { Wishes } from './quotes.js';
import { Selections } from './selection.js';

type Chosen = Pick<Wishes, 'couponIds' | 'declineGifts'>;

/** Refusals of a checkout that show what there is now: the cart, and what ordering it would come to. */
@Injectable()
export class Refusals {
  constructor(
    private readonly selections: Selections,
    private readonly previews: Previews,
  ) {}

  /** Another cart than the shopper saw, or other gifts or coupons. Call it when nothing of the order holds a lock. */
  async changed(userId: string, chosen: Chosen): Promise<AppError> {
    return new AppError('CART_CHANGED', [], undefined, { extra: await this.now(userId, chosen) });
  }

  /** What an earlier request with the same key was refused for. */
  async replayed(userId: string, { code, details, message }: StoredRefusal, chosen: Chosen): Promise<AppError> {
    const extra = await this.now(userId, chosen);
    return new AppError(code, details, message, { extra, headers: { 'idempotent-replayed': 'true' } });
  }

  private async now(userId: string, chosen: Chosen) {
    const owner: CartOwner = { kind: 'user', id: userId };
    const [cart, preview] = await Promise.all([this.selections.show(owner), this.preview(owner, chosen)]);
    return preview ? { cart, preview } : { cart };
  }

  /** Coupons that a preview refuses have none. */
  private async preview(owner: CartOwner, chosen: Chosen) {
    try {
      return toPreviewed(await this.previews.of(owner, chosen));
    } catch (error) {
      if (error instanceof AppError) return undefined;
      throw error;
    }
  }
}
