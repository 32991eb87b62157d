import { Injectable } from '@nestjs/common';
import type { Caller } from '@app/identity';
import { CheckoutQuote, Quotes } from './quotes.js';
import { Selections } from './selection.js';

/** What a checkout would come to now. */
@Injectable()
export class Previews {
  constructor(
    private readonly selections: Selections,
    private readonly quotes: Quotes,
  ) {}

  async of(
    caller: Caller,
    wishes: { couponIds?: readonly string[] | 'best'; declineGifts?: readonly string[] },
  ): Promise<CheckoutQuote> {
    const { items, obstacles } = await this.selections.of(caller);
    const { couponIds = [], declineGifts = [] } = wishes;
    const quote = await this.quotes.preview({
      userId: caller.kind === 'user' ? caller.id : undefined,
      items,
      couponIds: couponIds === 'best' ? couponIds : [...new Set(couponIds)],
      declineGifts,
    });
    return { ...quote, requirements: [...obstacles, ...quote.requirements] };
  }
}
