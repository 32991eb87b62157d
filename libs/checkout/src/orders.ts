import { Injectable } from '@nestjs/common';
import { AppError } from '@app/common';
import { Order } from './order.js';
import { OrderTable } from './order.table.js';

/** Orders as shoppers see them: their own, once they are made. */
@Injectable()
export class Orders {
  constructor(private readonly table: OrderTable) {}

  /** Throws ORDER_NOT_FOUND, also for another user's. `userId` left out: of any user. */
  async of(userId: string | undefined, orderId: string): Promise<Order> {
    const order = await this.table.find(orderId);
    if (!order || (userId !== undefined && order.userId !== userId)) throw new AppError('ORDER_NOT_FOUND');
    if (order.status === 'placing' || order.status === 'failed') throw new AppError('ORDER_NOT_FOUND');
    return order;
  }
}
