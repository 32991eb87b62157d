import { Injectable, Logger } from '@nestjs/common';
import { CartRow } from './cart-item.js';
import { fromCents, MAX_VERSION, parseRow, RawCartRow } from './cart-row.mapper.js';
import { Database, Query } from './database.js';
import { toDateTime } from './date-time.js';
import { formatSnapshot } from './snapshots.js';

const COLUMNS = `product_sku_num, add_amount, selected_status, is_deleted, create_time, update_time,
  added_at, changed_at, position, snapshot, version`;

/**
 * The guard: a row only ever moves to a higher version, so repeated, late and shuffled writes change nothing.
 * A version that no clock gives was written by another program, and bars nothing.
 * MySQL assigns from left to right, therefore `version`, which each line looks at, comes last. A re-add restarts
 * `create_time`, since it always is the time of the item's latest add.
 */
const GUARD = COLUMNS.split(',')
  .map((column) => column.trim())
  .map(
    (column) => `${column} = IF(VALUES(version) > version OR version > ${MAX_VERSION}, VALUES(${column}), ${column})`,
  )
  .join(',\n  ');

const PLACES = '(?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(), ?, ?, ?, ?, ?)';

/**
 * A row that somebody else has inserted says neither how the product looked nor which was added first: it looks as in the
 * catalogue now, and the ids tell the order.
 */
const READ = `c.user_id, c.product_sku_id, c.product_sku_num, c.add_amount, c.selected_status, c.is_deleted, c.version,
  c.added_at, c.changed_at, IF(c.position = 0, c.id, c.position) AS position,
  IF(s.sku_id IS NULL, c.snapshot, JSON_OBJECT('name', s.name, 'image', s.image, 'spec', s.spec,
    'shopId', CAST(s.shop_id AS CHAR), 'skuCode', s.sku_code)) AS snapshot`;

const CATALOGUE = 'LEFT JOIN product_sku s ON c.snapshot IS NULL AND s.sku_id = c.product_sku_id';

const UPSERT_CHUNK = 500;

/** A user's rows as MySQL has them. */
export interface StoredCart {
  rows: CartRow[];
  /** Highest version over all rows, deleted ones too; "0" when there is none. */
  maxVersion: string;
}

/** The `cart` table: the only place that reads or writes it. */
@Injectable()
export class CartTable {
  private readonly logger = new Logger(CartTable.name);

  constructor(private readonly database: Database) {}

  /**
   * Writes rows that are newer than what the table has; the rest is left alone. At most one row per user and SKU goes
   * out, in one order for everybody, so that writers at the same rows wait for each other instead of deadlocking.
   */
  async upsert(rows: readonly CartRow[], query?: Query): Promise<void> {
    if (rows.length === 0) return;
    if (!query) return this.database.transaction((own) => this.upsert(rows, own));
    const sorted = newestPerItem(rows);
    for (let i = 0; i < sorted.length; i += UPSERT_CHUNK) {
      const chunk = sorted.slice(i, i + UPSERT_CHUNK);
      const places = Array<string>(chunk.length).fill(PLACES).join(', ');
      const parameters: unknown[] = [];
      for (const row of chunk) pushParameters(parameters, row);
      await query(
        `INSERT INTO cart (user_id, product_sku_id, ${COLUMNS})\nVALUES ${places}\nON DUPLICATE KEY UPDATE\n  ${GUARD}`,
        parameters,
      );
    }
  }

  /** The items of a user that are not deleted, in one query. */
  async load(userId: string): Promise<StoredCart> {
    const found = await this.database.query<RawCartRow & { max_version: string | null; user_id: string | null }>(
      `SELECT m.max_version, ${READ}
       FROM (SELECT MAX(version) AS max_version FROM cart WHERE user_id = ? AND version <= ${MAX_VERSION}) m
       LEFT JOIN cart c ON c.user_id = ? AND c.is_deleted = 0 ${CATALOGUE}`,
      [userId, userId],
    );
    return {
      rows: this.parse(found.filter((row) => row.user_id !== null)).filter((row) => !row.deleted),
      maxVersion: found[0]?.max_version ?? '0',
    };
  }

  /** Every row of a user, deleted ones too. */
  async loadAll(userId: string): Promise<CartRow[]> {
    const query = `SELECT ${READ} FROM cart c ${CATALOGUE} WHERE c.user_id = ?`;
    return this.parse(await this.database.query<RawCartRow>(query, [userId]));
  }

  /** Rows that are in the cart by their flag, and hold no item, are named in the log: somebody else has written them. */
  private parse(found: readonly RawCartRow[]): CartRow[] {
    const rows = found.map(parseRow);
    const unreadable = rows.filter((row, i) => row.deleted && found[i]!.is_deleted === 0);
    if (unreadable.length > 0) {
      const { userId } = unreadable[0]!;
      const skus = unreadable.map(({ skuId }) => skuId).join(', ');
      this.logger.warn(`rows of user ${userId} hold no item of a cart and count as removed: SKUs ${skus}`);
    }
    return rows;
  }

  /**
   * Users who have something in their cart, by its latest change, newest first: up to `limit` items' owners (a user
   * appears once for each moment), and where the next page begins. `undefined` after the last.
   */
  async recentUsers(
    limit: number,
    from?: RecentCursor,
  ): Promise<{ userIds: string[]; next: RecentCursor | undefined }> {
    const where = from ? 'AND (changed_at < ? OR (changed_at = ? AND user_id < ?))' : '';
    const found = await this.database.query<{ user_id: string; changed_at: string }>(
      `SELECT user_id, changed_at FROM cart FORCE INDEX (idx_recent)
       WHERE is_deleted = 0 ${where} ORDER BY changed_at DESC, user_id DESC LIMIT ?`,
      from ? [from.changedAt, from.changedAt, from.userId, limit] : [limit],
    );
    const last = found.length < limit ? undefined : found.at(-1);
    return {
      userIds: [...new Set(found.map((row) => row.user_id))],
      next: last && { changedAt: last.changed_at, userId: last.user_id },
    };
  }
}

/** The last of a page of recent users. */
export interface RecentCursor {
  changedAt: string;
  userId: string;
}

function newestPerItem(rows: readonly CartRow[]): CartRow[] {
  const newest = new Map<string, CartRow>();
  for (const row of rows) {
    const key = `${row.userId} ${row.skuId}`;
    const other = newest.get(key);
    if (!other || BigInt(row.version) > BigInt(other.version)) newest.set(key, row);
  }
  return [...newest.values()].sort((a, b) => compareDecimals(a.userId, b.userId) || compareDecimals(a.skuId, b.skuId));
}

/** Orders canonical decimal strings by value. */
export function compareDecimals(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** Highest version of rows; "0" of none. */
export function highestVersion(rows: readonly { version: string }[]): string {
  return rows.reduce((highest, { version }) => (compareDecimals(version, highest) > 0 ? version : highest), '0');
}

function pushParameters(parameters: unknown[], row: CartRow): void {
  const addedAt = toDateTime(row.addedAt);
  parameters.push(
    row.userId,
    row.skuId,
    row.quantity,
    fromCents(row.addPrice),
    row.selected ? 1 : 0,
    row.deleted ? 1 : 0,
    addedAt.slice(0, 19),
    addedAt,
    toDateTime(row.changedAt),
    row.position,
    formatSnapshot(row.snapshot),
    row.version,
  );
}
