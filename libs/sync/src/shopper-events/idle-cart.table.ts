import { Injectable } from '@nestjs/common';
import { Database, fromDateTime, Query, toCents, toDateTime } from '@app/database';

/** A cart with items. Times in ms since 1970, money in cents. */
export interface IdleCart {
  userId: string;
  lastChangedAt: number;
  version: string;
  skuCount: number;
  quantity: number;
  subtotal: number;
  /** Latest added first, not all of a large cart. */
  items: { skuId: string; quantity: number; addPrice: number }[];
}

/** A stretch of time in which carts last changed, ms since 1970; both ends included. */
export interface IdleWindow {
  from: number;
  to: number;
}

/** Where a page ends. */
interface Place {
  changedAt: string;
  userId: string;
}

const SCAN = 'abandoned';
const MOST_ITEMS = 100;

/** Which carts have last changed when, as the `cart` table knows it, and how far they have been looked at. */
@Injectable()
export class IdleCartTable {
  constructor(private readonly database: Database) {}

  /** Until when carts have been looked at (`undefined`: never yet), and the time, both by MySQL's clock. */
  async progress(): Promise<{ upTo: number | undefined; now: number }> {
    const [row] = await this.database.query<{ up_to: string | null; now: string }>(
      'SELECT (SELECT up_to FROM idle_scan WHERE name = ?) AS up_to, UTC_TIMESTAMP(3) AS now',
      [SCAN],
    );
    return { upTo: row!.up_to === null ? undefined : fromDateTime(row!.up_to), now: fromDateTime(row!.now) };
  }

  async finish(upTo: number): Promise<void> {
    await this.database.query(
      'INSERT INTO idle_scan (name, up_to) VALUES (?, ?) ON DUPLICATE KEY UPDATE up_to = GREATEST(up_to, VALUES(up_to))',
      [SCAN, toDateTime(upTo)],
    );
  }

  /** Users with a change in that time, in pages; some may come twice, and some have changed their cart since. */
  async *changedIn({ from, to }: IdleWindow, limit: number): AsyncGenerator<string[]> {
    // A removal is a change too, and may be the last one.
    for (const deleted of [0, 1]) {
      let place: Place | undefined = { changedAt: toDateTime(from), userId: '0' };
      while (place) {
        const rows: { user_id: string; changed_at: string }[] = await this.database.query(
          `SELECT user_id, changed_at FROM cart FORCE INDEX (idx_recent)
           WHERE is_deleted = ? AND changed_at <= ? AND (changed_at > ? OR (changed_at = ? AND user_id > ?))
           ORDER BY changed_at, user_id LIMIT ?`,
          [deleted, toDateTime(to), place.changedAt, place.changedAt, place.userId, limit],
        );
        if (rows.length > 0) yield [...new Set(rows.map((row) => String(row.user_id)))];
        const last = rows.length < limit ? undefined : rows.at(-1)!;
        place = last && { changedAt: last.changed_at, userId: String(last.user_id) };
      }
    }
  }

  /** Those of these users who have something in their cart and have not changed it after a moment. */
  async idleSince(moment: number, userIds: readonly string[]): Promise<IdleCart[]> {
    if (userIds.length === 0) return [];
    const rows = await this.database.query<Record<string, string>>(
      `SELECT user_id, MAX(changed_at) AS last, MAX(version) AS version, SUM(is_deleted = 0) AS skus,
         SUM(IF(is_deleted = 0, product_sku_num, 0)) AS quantity,
         SUM(IF(is_deleted = 0, product_sku_num * add_amount, 0)) AS subtotal
       FROM cart WHERE user_id IN (?) GROUP BY user_id HAVING last <= ? AND skus > 0`,
      [userIds, toDateTime(moment)],
    );
    const items = await this.itemsOf(
      rows.map((row) => row['user_id']!),
      this.database.query,
    );
    return rows.map((row) => ({
      userId: String(row['user_id']),
      lastChangedAt: fromDateTime(row['last']!),
      version: String(row['version']),
      skuCount: Number(row['skus']),
      quantity: Number(row['quantity']),
      subtotal: toCents(row['subtotal']!),
      items: items.get(String(row['user_id'])) ?? [],
    }));
  }

  private async itemsOf(userIds: readonly string[], query: Query): Promise<Map<string, IdleCart['items']>> {
    const carts = new Map<string, IdleCart['items']>();
    if (userIds.length === 0) return carts;
    const rows = await query<Record<'user_id' | 'product_sku_id' | 'product_sku_num' | 'add_amount', string>>(
      `SELECT user_id, product_sku_id, product_sku_num, add_amount FROM (
         SELECT user_id, product_sku_id, product_sku_num, add_amount, position,
           ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY position DESC) AS place
         FROM cart WHERE user_id IN (?) AND is_deleted = 0) latest
       WHERE place <= ? ORDER BY user_id, place`,
      [userIds, MOST_ITEMS],
    );
    for (const row of rows) {
      const items = carts.get(String(row.user_id)) ?? [];
      const [skuId, quantity] = [String(row.product_sku_id), Number(row.product_sku_num)];
      carts.set(String(row.user_id), [...items, { skuId, quantity, addPrice: toCents(row.add_amount) }]);
    }
    return carts;
  }
}
