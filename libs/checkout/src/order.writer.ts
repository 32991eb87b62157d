import { Injectable } from '@nestjs/common';
import { AppError, crashPoint } from '@app/common';
import { Database, fromCents, Query } from '@app/database';
import { CheckoutClaim, CheckoutTable } from './checkout.table.js';
import { isOfItems } from './consent.js';
import { Deadline } from './deadline.js';
import { Order } from './order.js';
import { OrderParts } from './order.parts.js';
import { OrderTable } from './order.table.js';
import { CheckoutQuote, OrderRequest, Quotes } from './quotes.js';
import { rejected } from './selection.js';

const DUPLICATE = 1062;

/**
 * An order, or why there is none. `unsettled`: what is to be ordered was read from a cart that did not know of the user's
 * earlier orders. `soldBefore`: an item of the cart was ordered before, and came back by a loss of data.
 */
export type OrderOutcome = { order: Order } | { unsettled: true } | { soldBefore: true };

/** Makes an order of what is selected: one transaction, in which price and stock are looked at, taken and written. */
@Injectable()
export class OrderWriter {
  constructor(
    private readonly database: Database,
    private readonly orders: OrderTable,
    private readonly checkouts: CheckoutTable,
    private readonly quotes: Quotes,
    private readonly parts: OrderParts,
  ) {}

  /** Throws a refusal, and has changed nothing then. */
  async write(claim: CheckoutClaim, request: OrderRequest, deadline: Deadline): Promise<OrderOutcome> {
    try {
      const written = await this.database.transaction(async (query) => {
        const outcome = await this.writeIn(query, claim, request);
        deadline.assertOpen();
        return outcome;
      });
      if ('unsettled' in written) return written;
      crashPoint('checkout-committed');
      await this.parts.publish(written.skus);
      return { order: written.order };
    } catch (error) {
      if ((error as { errno?: number }).errno !== DUPLICATE) throw error;
      return { soldBefore: true };
    }
  }

  private async writeIn(query: Query, claim: CheckoutClaim, request: OrderRequest) {
    const { userId } = request;
    await this.checkouts.lockAll(userId, query);
    const { latest, isOwed } = await this.orders.standing(userId, query);
    if (latest !== request.afterOrder || isOwed) return { unsettled: true as const };
    const offer = await this.quotes.binding(request, query);
    assertRoom(offer);
    assertItems(request, offer);
    if (offer.requirements.length > 0) throw rejected(offer.requirements);
    if (request.quote !== undefined && request.quote !== offer.consent) throw new AppError('CART_CHANGED');
    assertPrice(request.expectedPayable, offer.quote.totals.payable);
    const order = this.parts.toOrder(request, offer);
    const orderId = await this.orders.insert(order, query);
    const changed = await this.parts.take(order, query);
    if (order.status === 'paid') await this.parts.converted(orderId, order, query);
    const isMine =
      order.status === 'placing'
        ? await this.checkouts.reserved(claim, orderId, query)
        : await this.checkouts.ordered(claim, orderId, query);
    if (!isMine) throw new AppError('IDEMPOTENCY_IN_PROGRESS');
    crashPoint('checkout-written');
    return { order: (await this.orders.find(orderId, query))!, skus: changed };
  }
}

/** The shopper may order again when an order is paid, cancelled or expired: it says nothing about this one. */
function assertRoom({ requirements }: CheckoutQuote): void {
  const excess = requirements.find(({ code }) => code === 'TOO_MANY_ORDERS');
  if (excess) throw new AppError('TOO_MANY_ORDERS', [excess]);
}

/**
 * The quote is of these items. Of the same cart in which something cannot be bought any more each such item is named, as
 * if no cache had known it before.
 */
function assertItems({ quote, items, withheld }: OrderRequest, { requirements }: CheckoutQuote): void {
  if (quote === undefined || isOfItems(quote, items)) return;
  if (!isOfItems(quote, [...items, ...withheld.items])) throw new AppError('CART_CHANGED');
  throw rejected([...withheld.faults, ...requirements]);
}

/** A drop is the shopper's gain; a rise needs their consent. */
function assertPrice(expected: number, payable: number): void {
  if (payable <= expected) return;
  const amounts = { expectedPayable: fromCents(expected), payable: fromCents(payable) };
  throw new AppError('PRICE_CHANGED', [{ code: 'PRICE_CHANGED', ...amounts }]);
}
