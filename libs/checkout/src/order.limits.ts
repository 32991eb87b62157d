import { Injectable } from '@nestjs/common';
import { Env, ErrorDetail } from '@app/common';
import { Database, Query } from '@app/database';
import type { Sku } from '@app/inventory-check';

/** Orders that hold stock and wait for their payment. One that costs nothing waits for none. */
const UNPAID = `o.user_id = ? AND o.status IN ('placing', 'pending') AND o.payable > 0
  AND o.expires_at > UTC_TIMESTAMP(3)`;

/** How much one shopper may hold in orders that are not paid. True as long as the shopper's orders are locked. */
@Injectable()
export class OrderLimits {
  constructor(
    private readonly env: Env,
    private readonly database: Database,
  ) {}

  /** Units in unpaid orders of the SKUs of which one shopper may buy so many only. */
  async held(
    userId: string | undefined,
    skus: Iterable<Sku>,
    query: Query = this.database.query,
  ): Promise<ReadonlyMap<string, number>> {
    const limited = [...skus].filter(({ purchaseLimit }) => purchaseLimit !== null).map(({ skuId }) => skuId);
    if (userId === undefined || limited.length === 0) return new Map();
    const rows = await query<{ sku_id: string; units: string }>(
      `SELECT i.sku_id, SUM(i.quantity) AS units FROM orders o JOIN order_item i ON i.order_id = o.order_id
       WHERE ${UNPAID} AND i.sku_id IN (?) GROUP BY i.sku_id`,
      [userId, limited],
    );
    return new Map(rows.map(({ sku_id: skuId, units }) => [String(skuId), Number(units)]));
  }

  /** Why an order of so many cents would be one unpaid order too many, or nothing. */
  async excess(
    userId: string | undefined,
    payable: number,
    query: Query = this.database.query,
  ): Promise<ErrorDetail[]> {
    if (userId === undefined || payable === 0) return [];
    const maximum = this.env.MAX_PENDING_ORDERS;
    const [row] = await query<{ unpaid: string }>(`SELECT COUNT(*) AS unpaid FROM orders o WHERE ${UNPAID}`, [userId]);
    return Number(row!.unpaid) < maximum ? [] : [{ code: 'TOO_MANY_ORDERS', maximum }];
  }
}
