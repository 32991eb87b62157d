import { Injectable } from '@nestjs/common';
import { Database } from '@app/database';

/** Orders in one statement. */
const PAGE = 100;
const BELOW = 'AND closed_at <= ? AND (closed_at < ? OR order_id < ?)';

/** A moment of MySQL's clock and the orders paid at it that were seen. */
interface Cursor {
  closedAt: string;
  orderId: string;
}

/** What was bought: only orders that were paid. Whoever could teach by orders alone would fill every cart with his SKU. */
@Injectable()
export class OrderBaskets {
  constructor(private readonly database: Database) {}

  /** MySQL's clock, and the same some days ago. */
  async clock(days: number): Promise<{ now: string; since: string }> {
    const [row] = await this.database.query<{ now: string; since: string }>(
      'SELECT UTC_TIMESTAMP(3) AS now, UTC_TIMESTAMP(3) - INTERVAL ? DAY AS since',
      [days],
    );
    return row!;
  }

  /** The SKUs of each order paid since then, the latest first, at most so many orders; some at a time. */
  async *paidSince(since: string, orders: number): AsyncGenerator<string[][]> {
    let cursor: Cursor | undefined;
    for (let left = orders; left > 0; left -= PAGE) {
      const page: Cursor[] = await this.page(since, cursor, Math.min(PAGE, left));
      if (page.length === 0) return;
      cursor = page.at(-1);
      yield await this.basketsOf(page.map(({ orderId }) => orderId));
    }
  }

  /** Whether nothing was ever ordered, paid or not. */
  async isEmpty(): Promise<boolean> {
    return (await this.database.query('SELECT 1 FROM orders LIMIT 1')).length === 0;
  }

  private async page(since: string, after: Cursor | undefined, limit: number): Promise<Cursor[]> {
    const where = `status = 'paid' AND closed_at >= ? ${after ? BELOW : ''}`;
    const parameters = after ? [after.closedAt, after.closedAt, after.orderId] : [];
    const rows = await this.database.query<{ order_id: string; closed_at: string }>(
      `SELECT order_id, closed_at FROM orders WHERE ${where}
       ORDER BY closed_at DESC, order_id DESC LIMIT ?`,
      [since, ...parameters, limit],
    );
    return rows.map(({ order_id, closed_at }) => ({ orderId: String(order_id), closedAt: closed_at }));
  }

  private async basketsOf(orderIds: readonly string[]): Promise<string[][]> {
    const rows = await this.database.query<{ order_id: string; sku_id: string }>(
      'SELECT order_id, sku_id FROM order_item WHERE order_id IN (?)',
      [orderIds],
    );
    const baskets = new Map<string, string[]>();
    for (const { order_id, sku_id } of rows) {
      const basket = baskets.get(String(order_id)) ?? [];
      basket.push(String(sku_id));
      baskets.set(String(order_id), basket);
    }
    return [...baskets.values()];
  }
}
