import { Injectable } from '@nestjs/common';
import { CartOwner } from '@app/cart';
import { CheckoutQuote, Quotes, Wishes } from './quotes.js';
import { LeftOut, rejected, Selections } from './selection.js';

export interface Preview extends CheckoutQuote {
  leftOut: LeftOut[];
}

/** What a checkout would come to now. */
@Injectable()
export class Previews {
  constructor(
    private readonly selections: Selections,
    private readonly quotes: Quotes,
  ) {}

  /** Throws `CHECKOUT_REJECTED` for coupons of which only one can be used: there is no saying which one is meant. */
  async of(owner: CartOwner, wishes: Pick<Wishes, 'couponIds' | 'declineGifts'>): Promise<Preview> {
    const { items, leftOut, obstacles } = await this.selections.of(owner);
    const userId = owner.kind === 'user' ? owner.id : undefined;
    const quote = await this.quotes.preview({ ...wishes, userId, items });
    const conflicts = quote.requirements.filter(({ reason }) => reason === 'COUPON_CONFLICT');
    if (conflicts.length > 0) throw rejected(conflicts);
    return { ...quote, leftOut, requirements: [...obstacles, ...quote.requirements] };
  }
}
