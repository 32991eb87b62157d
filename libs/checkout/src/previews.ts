import { Injectable } from '@nestjs/common';
import type { Caller } from '@app/identity';
import { CheckoutQuote, Quotes, Wishes } from './quotes.js';
import { rejected, Selections } from './selection.js';

/** What a checkout would come to now. */
@Injectable()
export class Previews {
  constructor(
    private readonly selections: Selections,
    private readonly quotes: Quotes,
  ) {}

  /** Throws `CHECKOUT_REJECTED` for coupons of which only one can be used: there is no saying which one is meant. */
  async of(caller: Caller, wishes: Pick<Wishes, 'couponIds' | 'declineGifts'>): Promise<CheckoutQuote> {
    const { items, obstacles } = await this.selections.of(caller);
    const userId = caller.kind === 'user' ? caller.id : undefined;
    const quote = await this.quotes.preview({ ...wishes, userId, items });
    const conflicts = quote.requirements.filter(({ reason }) => reason === 'COUPON_CONFLICT');
    if (conflicts.length > 0) throw rejected(conflicts);
    return { ...quote, requirements: [...obstacles, ...quote.requirements] };
  }
}
