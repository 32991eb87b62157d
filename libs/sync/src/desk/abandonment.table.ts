import { Injectable } from '@nestjs/common';
import { Database, toDateTime } from '@app/database';

/** What became of a SKU that shoppers put into their carts. Each shopper counts once, user or guest. */
export interface Abandonment {
  skuId: string;
  skuCode: string;
  name: string;
  shopId: string;
  added: number;
  /** Of those who added. */
  guests: number;
  bought: number;
  unpaid: number;
}

/** A SKU of the catalogue, one that is gone too. */
export interface CatalogueSku {
  skuId: string;
  skuCode: string;
  name: string;
  shopId: string;
}

/**
 * The change log and the orders, asked who added a SKU and what came of it. Shoppers are counted, not lines, and a shopper's latest line
 * is the one of the highest version: so doubled and shuffled deliveries change nothing.
 */
@Injectable()
export class AbandonmentTable {
  constructor(private readonly database: Database) {}

  /** In the order of ids, above one. */
  async skus(after: string, limit: number, shopId?: string): Promise<CatalogueSku[]> {
    const where = shopId === undefined ? '' : 'AND shop_id = ?';
    const found = await this.database.query<{ sku_id: string; sku_code: string; name: string; shop_id: string }>(
      `SELECT sku_id, sku_code, name, shop_id FROM product_sku WHERE sku_id > ? ${where} ORDER BY sku_id LIMIT ?`,
      [after, ...(shopId === undefined ? [] : [shopId]), limit],
    );
    return found.map((row) => ({
      skuId: String(row.sku_id),
      skuCode: row.sku_code,
      name: row.name,
      shopId: String(row.shop_id),
    }));
  }

  /**
   * Of those SKUs that shoppers added between two moments (ms since 1970, the second excluded). A guest whose cart was
   * merged is counted as the user. `bought`: has paid for it since the first of them, whatever happened later. `unpaid`:
   * has it now, in the cart or in an order that is not paid.
   */
  async of(skus: readonly CatalogueSku[], from: number, to: number): Promise<Abandonment[]> {
    if (skus.length === 0) return [];
    const places = Array<string>(skus.length).fill('?').join(', ');
    const found = await this.database.query<Record<'sku_id' | 'added' | 'guests' | 'bought' | 'unpaid', string>>(
      `SELECT sku_id, COUNT(*) AS added, SUM(owner_kind = 'guest') AS guests, SUM(bought) AS bought,
         SUM(held > 0 OR ordered) AS unpaid
       FROM (
         SELECT a.sku_id, a.owner_kind,
           (SELECT l.source FROM cart_change_log l FORCE INDEX (idx_latest) WHERE ${LATEST} LIMIT 1) AS latest_source,
           (SELECT l.quantity_after FROM cart_change_log l FORCE INDEX (idx_latest) WHERE ${LATEST} LIMIT 1) AS held,
           a.owner_kind = 'user' AND EXISTS (${ORDERED} AND o.status = 'paid' AND o.created_at >= ?) AS bought,
           a.owner_kind = 'user' AND EXISTS (${ORDERED} AND o.status IN ('placing', 'pending')) AS ordered
         FROM (
           SELECT DISTINCT sku_id, owner_kind, owner_id FROM cart_change_log
           WHERE sku_id IN (${places}) AND changed_at >= ? AND changed_at < ?
             AND quantity_after > quantity_before AND source IN ('user', 'guest', 'merge')
         ) a
       ) shopper
       WHERE owner_kind = 'user' OR latest_source <> 'merge'
       GROUP BY sku_id`,
      [toDateTime(from), ...skus.map(({ skuId }) => skuId), toDateTime(from), toDateTime(to)],
    );
    const counts = new Map(found.map((row) => [String(row.sku_id), row]));
    return skus.flatMap((sku) => {
      const row = counts.get(sku.skuId);
      if (!row) return [];
      const { added, guests, bought, unpaid } = row;
      return [{ ...sku, added: Number(added), guests: Number(guests), bought: Number(bought), unpaid: Number(unpaid) }];
    });
  }
}

/** The owner's newest line of the SKU, one step along `idx_latest`. */
const SAME = 'l.owner_kind = a.owner_kind AND l.owner_id = a.owner_id AND l.sku_id = a.sku_id';
const LATEST = `${SAME} ORDER BY l.version DESC`;
/** The user's orders of the SKU, along `uk_user_sku_version`. */
const ORDERED = `SELECT 1 FROM order_item i JOIN orders o ON o.order_id = i.order_id
             WHERE i.user_id = CAST(a.owner_id AS SIGNED) AND i.sku_id = a.sku_id`;
