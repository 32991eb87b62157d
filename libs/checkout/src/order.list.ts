import { Injectable } from '@nestjs/common';
import { Database, toDateTime } from '@app/database';
import type { Order } from './order.js';
import { OrderTable } from './order.table.js';

export interface OrderFilter {
  userId?: string;
  /** One of the statuses that are shown. */
  status?: string;
  /** When it was made: from, and before; ms since 1970. */
  from?: number;
  to?: number;
}

const SHOWN = ['pending', 'paid', 'cancelled', 'expired'];
/** A page ends before the order with which it would hold more items than this; it has at least one order. */
const MOST_ITEMS = 2_000;
/** Above every number. */
const TOP = '9223372036854775807';

/** Lists of orders: those that are made, the newest first. */
@Injectable()
export class OrderList {
  constructor(
    private readonly database: Database,
    private readonly orders: OrderTable,
  ) {}

  /** `before`: the `next` of the page before. `next` is null when nothing follows. */
  async page(filter: OrderFilter, limit: number, before = TOP): Promise<{ orders: Order[]; next: string | null }> {
    const ids = await this.newest(filter, before, limit + 1);
    const shown = await this.fitting(ids.slice(0, limit));
    const orders = await this.orders.findAll(shown);
    return { orders, next: ids.length > shown.length ? shown.at(-1)! : null };
  }

  private async newest({ userId, status, from, to }: OrderFilter, before: string, limit: number): Promise<string[]> {
    const conditions: [sql: string, value: unknown][] = [
      ['order_id < ?', before],
      ['status IN (?)', status === undefined ? SHOWN : [status]],
    ];
    if (userId !== undefined) conditions.push(['user_id = ?', userId]);
    if (from !== undefined) conditions.push(['created_at >= ?', toDateTime(from)]);
    if (to !== undefined) conditions.push(['created_at < ?', toDateTime(to)]);
    const where = conditions.map(([sql]) => sql).join(' AND ');
    const rows = await this.database.query<{ order_id: string }>(
      `SELECT order_id FROM orders WHERE ${where} ORDER BY order_id DESC LIMIT ?`,
      [...conditions.map(([, value]) => value), limit],
    );
    return rows.map((row) => String(row.order_id));
  }

  /** The first of these orders, as many as a page may hold. */
  private async fitting(orderIds: readonly string[]): Promise<string[]> {
    if (orderIds.length === 0) return [];
    const rows = await this.database.query<{ order_id: string; items: string | number }>(
      'SELECT order_id, COUNT(*) AS items FROM order_item WHERE order_id IN (?) GROUP BY order_id',
      [orderIds],
    );
    const items = new Map(rows.map((row) => [String(row.order_id), Number(row.items)]));
    let held = 0;
    const end = orderIds.findIndex((orderId, index) => {
      held += items.get(orderId) ?? 0;
      return held > MOST_ITEMS && index > 0;
    });
    return orderIds.slice(0, end === -1 ? orderIds.length : end);
  }
}
