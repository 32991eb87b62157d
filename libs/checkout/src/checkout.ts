import { Injectable, Logger } from '@nestjs/common';
import { AppError, crashPoint, ErrorCode, toAppError } from '@app/common';
import { CheckoutAttempt } from './checkout.attempt.js';
import { CheckoutWish } from './checkout.snapshots.js';
import { CheckoutClaim, CheckoutRequest, CheckoutTable, Unclaimed } from './checkout.table.js';
import { Deadline } from './deadline.js';
import { Order } from './order.js';
import { OrderPlacement } from './order.placement.js';
import { OrderTable } from './order.table.js';
import { OrdersInCart } from './orders-in-cart.js';
import { Refusals } from './refusals.js';

/** `replayed`: an earlier request with the same key made the order. */
export interface CheckedOut {
  order: Order;
  replayed: boolean;
}

/** Refusals that say nothing about the request itself. */
const NEVER_KEPT = new Set<ErrorCode>([
  'CART_BUSY',
  'IDEMPOTENCY_IN_PROGRESS',
  'IDEMPOTENCY_KEY_REUSED',
  'TOO_MANY_ORDERS',
]);

/** Submits carts: one order per key, whatever is repeated and whatever dies. */
@Injectable()
export class Checkout {
  private readonly logger = new Logger(Checkout.name);

  constructor(
    private readonly checkouts: CheckoutTable,
    private readonly orders: OrderTable,
    private readonly attempt: CheckoutAttempt,
    private readonly inCart: OrdersInCart,
    private readonly refusals: Refusals,
    private readonly placement: OrderPlacement,
  ) {}

  /** Throws CART_UNAVAILABLE when nothing has come of it in time; its repeat learns what does. */
  submit(request: CheckoutRequest, wish: CheckoutWish): Promise<CheckedOut> {
    const deadline = this.attempt.deadline();
    return deadline.race(this.finish(request, wish, deadline));
  }

  private async finish(request: CheckoutRequest, wish: CheckoutWish, deadline: Deadline): Promise<CheckedOut> {
    const claimed = await this.attempt.inTurn(deadline, () => this.checkouts.claim(request));
    if (claimed.state !== 'claimed') return this.answerRepeat(request.userId, claimed, wish);
    crashPoint('checkout-claimed');
    try {
      const order = await this.orderOnce(claimed.claim, wish, deadline);
      await this.takeFromCart(order);
      crashPoint('checkout-taken');
      return { order, replayed: false };
    } catch (error) {
      const other = await this.settle(claimed.claim, error);
      if (!other) throw error;
      return this.answerRepeat(request.userId, other, wish);
    }
  }

  private async answerRepeat(userId: string, unclaimed: Unclaimed, wish: CheckoutWish): Promise<CheckedOut> {
    switch (unclaimed.state) {
      case 'reused':
        throw new AppError('IDEMPOTENCY_KEY_REUSED');
      case 'running':
        throw new AppError('IDEMPOTENCY_IN_PROGRESS');
      case 'refused':
        throw await this.refusals.replayed(userId, unclaimed.refusal, wish);
      case 'ordered':
        return { order: (await this.orders.find(unclaimed.orderId))!, replayed: true };
    }
  }

  private async orderOnce(claim: CheckoutClaim, wish: CheckoutWish, deadline: Deadline): Promise<Order> {
    // An earlier attempt may have reserved an order and not have heard what became of it.
    const begun = claim.orderId === undefined ? undefined : await this.orders.find(claim.orderId);
    const order = begun ?? (await this.attempt.order(claim, wish, deadline));
    return begun || order.status === 'placing' ? await this.placement.place(order) : order;
  }

  /**
   * What the request came to is kept for its repeats, or its row is given back. Another attempt may have taken over while
   * this one was silent: then it is that one's outcome that the request came to. Never throws: a silent row lapses.
   */
  private async settle(claim: CheckoutClaim, error: unknown): Promise<Unclaimed | undefined> {
    try {
      return (await this.end(claim, error)) ? undefined : await this.checkouts.takenOver(claim);
    } catch (failure) {
      this.logger.warn(`a checkout's row was not settled: ${(failure as Error).message}`);
      return undefined;
    }
  }

  private end(claim: CheckoutClaim, error: unknown): Promise<boolean> {
    const refusal = toAppError(error);
    if (!refusal || !isKept(refusal)) return this.checkouts.release(claim);
    const { code, details, message } = refusal;
    return this.checkouts.refused(claim, { code, details, message });
  }

  /** The order stands. What cannot leave the cart now does so later: at the next checkout, or by the sweeper. */
  private async takeFromCart(order: Order): Promise<void> {
    try {
      await this.inCart.take(order);
    } catch (error) {
      this.logger.warn(`order ${order.orderId} is still in the cart: ${(error as Error).message}`);
    }
  }
}

/** Never kept: 5xx, 400, 401, 412, 429 and what passes by itself. */
function isKept({ code, status }: AppError): boolean {
  return status < 500 && ![400, 401, 412, 429].includes(status) && !NEVER_KEPT.has(code);
}
