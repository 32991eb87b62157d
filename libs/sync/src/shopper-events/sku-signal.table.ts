import { Injectable } from '@nestjs/common';
import { Database, Query, toCents } from '@app/database';

/** A SKU whose holders are still to be told something, and what it is like now. */
export interface DueSignal {
  skuId: string;
  kind: 'price' | 'stock';
  /** Of the SKU at its latest such change. */
  skuVersion: string;
  /** The cart rows up to this id have been looked at. */
  afterId: string;
  /** When that change was, as MySQL writes a time. */
  changedAt: string;
  skuCode: string;
  shopId: string;
  name: string;
  /** Cents, as all money here. */
  price: number;
  available: boolean;
  gone: boolean;
}

/** Somebody who may hold the SKU. */
export interface Holder {
  /** Of the row: pages go by it. */
  id: string;
  userId: string;
  quantity: number;
  addPrice: number;
  deleted: boolean;
  /** Whether it was put into the cart after the change. */
  isLater: boolean;
  /** The lowest price the shopper was told of since; `null`: none. */
  toldPrice: number | null;
}

interface RawSignal {
  sku_id: string;
  kind: 'price' | 'stock';
  sku_version: string;
  after_id: string;
  changed_at: string;
  sku_code: string | null;
  shop_id: string;
  name: string;
  price: string;
  stock: number;
  status: string;
}

interface RawHolder {
  id: string;
  user_id: string;
  product_sku_num: number;
  add_amount: string;
  is_deleted: number;
  is_later: number | string;
  told: string | null;
}

/** The `sku_signal` table, which the catalogue fills, and who holds those SKUs. */
@Injectable()
export class SkuSignalTable {
  constructor(private readonly database: Database) {}

  /** Those that began at least so long ago, the oldest first. */
  async due(olderThanMs: number, limit: number): Promise<DueSignal[]> {
    const rows = await this.database.query<RawSignal>(
      `SELECT s.sku_id, s.kind, s.sku_version, s.after_id, s.changed_at,
         p.sku_code, p.shop_id, p.name, p.price, p.stock, p.status
       FROM sku_signal s LEFT JOIN product_sku p ON p.sku_id = s.sku_id
       WHERE s.created_at <= UTC_TIMESTAMP(3) - INTERVAL ? MICROSECOND ORDER BY s.created_at LIMIT ?`,
      [olderThanMs * 1_000, limit],
    );
    return rows.map(toSignal);
  }

  /** The next rows of carts with this SKU, in the order of ids, those of removed items too. */
  async holders({ skuId, afterId, changedAt }: DueSignal, limit: number): Promise<Holder[]> {
    const rows = await this.database.query<RawHolder>(
      `SELECT c.id, c.user_id, c.product_sku_num, c.add_amount, c.is_deleted, c.added_at > ? AS is_later,
         (SELECT MIN(CAST(e.occasion AS DECIMAL(10, 2))) FROM shopper_event e
          WHERE e.sku_id = c.product_sku_id AND e.type = 'cart.price_dropped' AND e.user_id = c.user_id
            AND e.created_at >= c.added_at) AS told
       FROM cart c FORCE INDEX (idx_product_sku_id)
       WHERE c.product_sku_id = ? AND c.id > ? ORDER BY c.id LIMIT ?`,
      [changedAt, skuId, afterId, limit],
    );
    return rows.map(toHolder);
  }

  /**
   * Moves on to the row `afterId`, or ends the signal (`undefined`). `false`: it was moved by somebody else, or the SKU
   * has changed again, and nothing is to be done for this page.
   */
  async move(signal: DueSignal, afterId: string | undefined, query: Query): Promise<boolean> {
    const where = 'sku_id = ? AND kind = ? AND sku_version = ? AND after_id = ?';
    const key = [signal.skuId, signal.kind, signal.skuVersion, signal.afterId];
    const result = (await (afterId === undefined
      ? query(`DELETE FROM sku_signal WHERE ${where}`, key)
      : query(`UPDATE sku_signal SET after_id = ? WHERE ${where}`, [afterId, ...key]))) as unknown as {
      affectedRows: number;
    };
    return result.affectedRows > 0;
  }

  async count(): Promise<number> {
    const [row] = await this.database.query<{ count: string }>('SELECT COUNT(*) AS count FROM sku_signal');
    return Number(row!.count);
  }
}

function toSignal(raw: RawSignal): DueSignal {
  const known = raw.sku_code !== null;
  return {
    skuId: String(raw.sku_id),
    kind: raw.kind,
    skuVersion: String(raw.sku_version),
    afterId: String(raw.after_id),
    changedAt: raw.changed_at,
    skuCode: raw.sku_code ?? '',
    shopId: String(raw.shop_id),
    name: raw.name,
    price: known ? toCents(raw.price) : 0,
    available: raw.status === 'on' && raw.stock > 0,
    gone: !known || raw.status === 'gone',
  };
}

function toHolder(raw: RawHolder): Holder {
  return {
    id: String(raw.id),
    userId: String(raw.user_id),
    quantity: raw.product_sku_num,
    addPrice: toCents(raw.add_amount),
    deleted: raw.is_deleted !== 0,
    isLater: Number(raw.is_later) === 1,
    toldPrice: raw.told === null ? null : toCents(raw.told),
  };
}
