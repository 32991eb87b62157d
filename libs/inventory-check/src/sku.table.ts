import { Injectable } from '@nestjs/common';
import { compareDecimals, Database, fromCents, Query, toCents } from '@app/database';
import { Sku, SkuInput, SkuPatch } from './sku.js';

interface SkuRow {
  sku_id: string;
  sku_code: string;
  spu_id: string | null;
  shop_id: string;
  shop_name: string;
  name: string;
  image: string;
  spec: string;
  price: string;
  stock: number;
  low_stock_threshold: number | null;
  purchase_limit: number | null;
  status: 'on' | 'off' | 'gone';
  version: string;
}

const COLUMNS =
  'sku_id, sku_code, spu_id, shop_id, shop_name, name, image, spec, price, stock, low_stock_threshold, ' +
  'purchase_limit, status, version';

const UPSERT_CHUNK = 1_000;
const INSERT = `INSERT INTO product_sku (${COLUMNS}, update_time)`;
const ON_DUPLICATE = `ON DUPLICATE KEY UPDATE sku_code = VALUES(sku_code), spu_id = VALUES(spu_id),
  shop_id = VALUES(shop_id), shop_name = VALUES(shop_name), name = VALUES(name), image = VALUES(image),
  spec = VALUES(spec), price = VALUES(price), stock = VALUES(stock), low_stock_threshold = VALUES(low_stock_threshold),
  purchase_limit = VALUES(purchase_limit), status = VALUES(status), version = version + 1,
  update_time = VALUES(update_time)`;

/** The `product_sku` table: the truth of the catalogue. */
@Injectable()
export class SkuTable {
  constructor(private readonly database: Database) {}

  async find(skuIds: readonly string[], query: Query = this.database.query): Promise<Sku[]> {
    if (skuIds.length === 0) return [];
    const rows = await query<SkuRow>(`SELECT ${COLUMNS} FROM product_sku WHERE sku_id IN (?)`, [skuIds]);
    return rows.map(toSku);
  }

  /** SKUs changed within the last seconds by MySQL's own clock, `limit` of them above an id, in the order of ids. */
  async changedWithin(seconds: number, afterSkuId: string, limit: number): Promise<Sku[]> {
    const rows = await this.database.query<SkuRow>(
      `SELECT ${COLUMNS} FROM product_sku WHERE update_time >= UTC_TIMESTAMP() - INTERVAL ? SECOND AND sku_id > ?
       ORDER BY sku_id LIMIT ?`,
      [seconds, afterSkuId, limit],
    );
    return rows.map(toSku);
  }

  async isEmpty(): Promise<boolean> {
    return (await this.database.query('SELECT 1 FROM product_sku LIMIT 1')).length === 0;
  }

  /** Inserts or replaces, all or none; a SKU that was gone comes back. Returns the rows as they are now. */
  async upsert(skus: readonly SkuInput[]): Promise<Sku[]> {
    const sorted = [...skus].sort((a, b) => compareDecimals(a.skuId, b.skuId));
    return this.database.transaction(async (query) => {
      const stored: Sku[] = [];
      for (let i = 0; i < sorted.length; i += UPSERT_CHUNK) {
        const chunk = sorted.slice(i, i + UPSERT_CHUNK);
        const ids = chunk.map((sku) => sku.skuId);
        const places = chunk.map(() => '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, UTC_TIMESTAMP())').join(', ');
        await query(`${INSERT} VALUES ${places} ${ON_DUPLICATE}`, chunk.flatMap(toParameters));
        stored.push(...(await this.find(ids, query)));
      }
      return stored;
    });
  }

  /** Marks a SKU as gone; `undefined` when there is none. The row stays, so that its version goes on growing. */
  async remove(skuId: string): Promise<Sku | undefined> {
    return this.database.transaction(async (query) => {
      const [found] = await this.find([skuId], query);
      if (!found || found.status === 'gone') return undefined;
      await query(
        `UPDATE product_sku SET status = 'gone', version = version + 1, update_time = UTC_TIMESTAMP() WHERE sku_id = ?`,
        [skuId],
      );
      return (await this.find([skuId], query))[0];
    });
  }

  /** Changes some fields of one SKU; `undefined` when there is none. */
  async patch(skuId: string, patch: SkuPatch): Promise<Sku | undefined> {
    const assignments = toAssignments(patch);
    return this.database.transaction(async (query) => {
      const set = [
        ...assignments.map(([assignment]) => assignment),
        'version = version + 1',
        'update_time = UTC_TIMESTAMP()',
      ].join(', ');
      await query(`UPDATE product_sku SET ${set} WHERE sku_id = ? AND status <> 'gone'`, [
        ...assignments.map(([, value]) => value),
        skuId,
      ]);
      const [sku] = await this.find([skuId], query);
      return sku?.status === 'gone' ? undefined : sku;
    });
  }
}

const ASSIGNMENTS = {
  price: 'price = ?',
  stock: 'stock = ?',
  lowStockThreshold: 'low_stock_threshold = ?',
  purchaseLimit: 'purchase_limit = ?',
  // An empty name becomes the code.
  name: "name = COALESCE(NULLIF(?, ''), sku_code)",
  image: 'image = ?',
  spec: 'spec = ?',
  shopName: 'shop_name = ?',
  status: 'status = ?',
} as const satisfies Record<keyof SkuPatch, string>;

function toAssignments(patch: SkuPatch): [assignment: string, value: unknown][] {
  return (Object.keys(ASSIGNMENTS) as (keyof SkuPatch)[])
    .filter((field) => patch[field] !== undefined)
    .map((field) => [ASSIGNMENTS[field], field === 'price' ? fromCents(patch.price!) : patch[field]]);
}

function toSku(row: SkuRow): Sku {
  return {
    skuId: row.sku_id,
    skuCode: row.sku_code,
    spuId: row.spu_id,
    shopId: row.shop_id,
    shopName: row.shop_name,
    name: row.name,
    image: row.image,
    spec: row.spec,
    price: toCents(row.price),
    stock: row.stock,
    lowStockThreshold: row.low_stock_threshold,
    purchaseLimit: row.purchase_limit,
    status: row.status,
    version: Number(row.version),
  };
}

function toParameters(sku: SkuInput): unknown[] {
  return [
    sku.skuId,
    sku.skuCode,
    sku.spuId,
    sku.shopId,
    sku.shopName,
    sku.name,
    sku.image,
    sku.spec,
    fromCents(sku.price),
    sku.stock,
    sku.lowStockThreshold,
    sku.purchaseLimit,
    sku.status,
  ];
}
