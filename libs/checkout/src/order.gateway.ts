import { Order } from './order.js';

/** What the shop's order service says of an order. An answer that did not come is none of these: it is thrown. */
export type Placement = 'accepted' | 'refused';

/**
 * Whoever has the last word on orders. Each call may be repeated with the same order, and has to do the same then.
 * @throws {OrderServiceUnavailableError} nothing is known of what became of the call
 */
export abstract class OrderGateway {
  /** There is nobody to ask: an order is made with the transaction that writes it. */
  abstract readonly isImmediate: boolean;
  /** Asks for an order whose stock and coupons are reserved. */
  abstract place(order: Order): Promise<Placement>;
  /** Tells that an order was cancelled or has expired. */
  abstract close(order: Order): Promise<void>;
}

/** No answer, or one that says nothing: the order may have been taken, or not. */
export class OrderServiceUnavailableError extends Error {
  readonly appCode = 'CART_UNAVAILABLE';
  readonly retryAfter = 2;

  constructor(cause: unknown) {
    super('the order service does not answer', { cause });
    this.name = OrderServiceUnavailableError.name;
  }
}
