import { Injectable, Logger } from '@nestjs/common';
import { AppError, crashPoint } from '@app/common';
import { Database } from '@app/database';
import { CheckoutTable } from './checkout.table.js';
import { Order } from './order.js';
import { OrderGateway, OrderServiceUnavailableError, Placement } from './order.gateway.js';
import { OrderParts } from './order.parts.js';
import { OrderTable } from './order.table.js';

/**
 * Orders that the shop's own service decides on. Everything is reserved before it is asked; a yes makes the order, a no
 * gives everything back, and without an answer the order stays as it is and is asked for again, by the client's repeat
 * or by the sweeper, as long as an order waits to be paid. Nothing leaves the cart before the yes.
 */
@Injectable()
export class OrderPlacement {
  private readonly logger = new Logger(OrderPlacement.name);

  constructor(
    private readonly database: Database,
    private readonly orders: OrderTable,
    private readonly checkouts: CheckoutTable,
    private readonly parts: OrderParts,
    private readonly gateway: OrderGateway,
  ) {}

  /** The order, made. Throws CHECKOUT_REJECTED for a no, CART_UNAVAILABLE without an answer. */
  async place(order: Order): Promise<Order> {
    crashPoint('order-reserved');
    const placement = order.status === 'placing' ? await this.ask(order) : undefined;
    crashPoint('order-placed');
    if (placement) await (placement === 'accepted' ? this.confirm(order) : this.fail(order));
    // Another attempt may have been told first; what it wrote counts.
    const placed = (await this.orders.find(order.orderId))!;
    if (placed.status !== 'failed') return placed;
    // A yes that comes after all is taken back: it may have been told too early.
    if (placement === 'accepted') await this.orders.markUntold(order.orderId);
    throw refusal();
  }

  /** Tells of an order that came to nothing. */
  async tell(order: Order): Promise<void> {
    if (!order.isToBeTold) return;
    await this.gateway.close(order);
    await this.orders.markTold(order.orderId);
  }

  /** As {@link tell}; when nobody answers, it is told later. */
  async tellQuietly(order: Order): Promise<void> {
    try {
      await this.tell(order);
    } catch (error) {
      this.logger.warn(`that order ${order.orderId} is closed was not told yet: ${(error as Error).message}`);
    }
  }

  /** An order without an answer all the time it may wait comes to nothing; it would hold stock for ever. */
  private async ask(order: Order): Promise<Placement> {
    try {
      return await this.gateway.place(order);
    } catch (error) {
      if (!(error instanceof OrderServiceUnavailableError) || !order.isOverdue) throw error;
      this.logger.warn(`order ${order.orderId} is given up: ${error.message}`);
      return 'refused';
    }
  }

  private async confirm(order: Order): Promise<void> {
    const { orderId, userId, totals } = order;
    await this.database.transaction(async (query) => {
      if (!(await this.orders.confirm(orderId, query))) return;
      if (totals.payable === 0) await this.parts.converted(orderId, order, query);
      await this.checkouts.placed(userId, orderId, query);
    });
  }

  private async fail(order: Order): Promise<void> {
    const { orderId, userId } = order;
    const skus = await this.database.transaction(async (query) => {
      if (!(await this.orders.fail(orderId, query))) return [];
      const { code, details, message } = refusal();
      await this.checkouts.notPlaced(userId, orderId, { code, details, message }, query);
      return this.parts.giveBack(order, query);
    });
    await this.parts.publish(skus);
  }
}

function refusal(): AppError {
  return new AppError('CHECKOUT_REJECTED', [], 'The shop has not taken the order');
}
