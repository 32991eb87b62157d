import { Injectable, Logger } from '@nestjs/common';
import { AppError, crashPoint } from '@app/common';
import { Database, Query } from '@app/database';
import { Sku } from '@app/inventory-check';
import { isReturning, Order, RestoredItem } from './order.js';
import { OrderPlacement } from './order.placement.js';
import { OrderParts } from './order.parts.js';
import { OrderTable } from './order.table.js';
import { OrdersInCart } from './orders-in-cart.js';

/** How an order that waits to be paid ends. */
type Ending = 'paid' | 'cancelled' | 'expired';

/**
 * Ends orders: paid, cancelled by the shopper, or expired. One that comes to nothing gives its stock and coupons back in
 * the transaction that closes it, and its items to the cart after it. All of it may be repeated. The shop's order service
 * hears of it last, and of an expired one from the sweeper: one that hangs keeps nothing from coming back.
 */
@Injectable()
export class OrderClosing {
  private readonly logger = new Logger(OrderClosing.name);

  constructor(
    private readonly database: Database,
    private readonly orders: OrderTable,
    private readonly parts: OrderParts,
    private readonly placement: OrderPlacement,
    private readonly inCart: OrdersInCart,
  ) {}

  /** `userId`: whose order it has to be; anybody's when left out. */
  async pay(orderId: string, userId?: string): Promise<Order> {
    const order = await this.end(orderId, 'paid', userId);
    if (order.status === 'paid') return order;
    await this.restore(order);
    throw new AppError('ORDER_CLOSED');
  }

  /** Also of one that has expired: its items are back as well. `userId` as of {@link pay}. */
  async cancel(orderId: string, userId?: string): Promise<Order & { restored: RestoredItem[] }> {
    const order = await this.end(orderId, 'cancelled', userId);
    if (order.status === 'paid') throw new AppError('ORDER_PAID');
    crashPoint('cancel-closed');
    const restored = order.restored ?? (await this.inCart.giveBack(order)).restored;
    crashPoint('cancel-returned');
    await this.placement.tellQuietly(order);
    return { ...order, restored };
  }

  async expire(orderId: string): Promise<void> {
    const order = await this.end(orderId, 'expired');
    if (order.status === 'expired') await this.restore(order);
  }

  /** Returns the order as it ended, now or before. An overdue one expires, whatever else was asked for but to cancel it. */
  private async end(orderId: string, ending: Ending, userId?: string): Promise<Order> {
    const { order, skus } = await this.database.transaction((query) => this.endIn(query, orderId, ending, userId));
    await this.parts.publish(skus);
    return order;
  }

  private async endIn(
    query: Query,
    orderId: string,
    ending: Ending,
    userId?: string,
  ): Promise<{ order: Order; skus: Sku[] }> {
    const order = await this.orders.lock(orderId, query);
    if (!order || order.status === 'placing' || order.status === 'failed') throw new AppError('ORDER_NOT_FOUND');
    if (userId !== undefined && order.userId !== userId) throw new AppError('ORDER_NOT_FOUND');
    if (order.status !== 'pending') return { order, skus: [] };
    if (ending === 'expired' && !order.isOverdue) return { order, skus: [] };
    const status = ending === 'paid' && order.isOverdue ? 'expired' : ending;
    const skus = status === 'paid' ? [] : await this.parts.giveBack(order, query);
    if (status === 'paid') await this.parts.converted(orderId, order, query);
    await this.orders.close(orderId, { status, isToBeTold: this.parts.isTold }, query);
    return { order: (await this.orders.find(orderId, query))!, skus };
  }

  /** The order is closed all the same: what cannot come back into the cart now does so later. */
  private async restore(order: Order): Promise<void> {
    if (!isReturning(order)) return;
    try {
      await this.inCart.giveBack(order);
    } catch (error) {
      this.logger.warn(`order ${order.orderId} is not back in the cart yet: ${(error as Error).message}`);
    }
  }
}
