import { Injectable } from '@nestjs/common';
import { compareDecimals, Database, fromCents, Query, toCents } from '@app/database';
import { recordSkuSignals } from './sku-signals.js';
import { Sku, SkuFilter, SkuInput, SkuPatch, SkuScope } from './sku.js';

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

const MAX_STOCK = 2_147_483_647;
const UPSERT_CHUNK = 1_000;
const INSERT = `INSERT INTO product_sku (${COLUMNS}, update_time)`;
const ON_DUPLICATE = `ON DUPLICATE KEY UPDATE sku_code = VALUES(sku_code), spu_id = VALUES(spu_id),
  shop_id = VALUES(shop_id), shop_name = VALUES(shop_name), name = VALUES(name), image = VALUES(image),
  spec = VALUES(spec), price = VALUES(price), stock = VALUES(stock), low_stock_threshold = VALUES(low_stock_threshold),
  purchase_limit = VALUES(purchase_limit), status = VALUES(status), version = version + 1,
  update_time = VALUES(update_time)`;

const PRICES = {
  at_least: 'price >= ? ORDER BY price, sku_id',
  below: 'price < ? ORDER BY price DESC, sku_id DESC',
};

/** The `product_sku` table: the truth of the catalogue. */
@Injectable()
export class SkuTable {
  constructor(private readonly database: Database) {}

  async find(skuIds: readonly string[], query: Query = this.database.query): Promise<Sku[]> {
    if (skuIds.length === 0) return [];
    const rows = await query<SkuRow>(`SELECT ${COLUMNS} FROM product_sku WHERE sku_id IN (?)`, [skuIds]);
    return rows.map(toSku);
  }

  /** As {@link find}, and nobody else changes them until the transaction of `query` ends. */
  async lock(skuIds: readonly string[], query: Query): Promise<Sku[]> {
    if (skuIds.length === 0) return [];
    // In the order of ids, so that two transactions wait for each other instead of deadlocking.
    const rows = await query<SkuRow>(
      `SELECT ${COLUMNS} FROM product_sku WHERE sku_id IN (?) ORDER BY sku_id FOR UPDATE`,
      [skuIds],
    );
    return rows.map(toSku);
  }

  /** Takes units out of stock, of SKUs that are locked. `false`: some have not so many, and none must be committed. */
  async take(units: ReadonlyMap<string, number>, query: Query): Promise<boolean> {
    const places = casesOf(units);
    const values = [...units].flat();
    const { affectedRows } = (await query(
      `UPDATE product_sku SET stock = stock - CASE sku_id ${places} END, version = version + 1,
         update_time = UTC_TIMESTAMP()
       WHERE sku_id IN (?) AND stock >= CASE sku_id ${places} END`,
      [...values, [...units.keys()], ...values],
    )) as unknown as { affectedRows: number };
    return affectedRows === units.size;
  }

  /** Puts units back into stock, as much as the column holds; returns the SKUs as they are then. */
  async giveBack(units: ReadonlyMap<string, number>, query: Query): Promise<Sku[]> {
    const before = await this.lock([...units.keys()], query);
    const places = casesOf(units);
    await query(
      `UPDATE product_sku SET stock = LEAST(stock + CASE sku_id ${places} END, ${MAX_STOCK}), version = version + 1,
         update_time = UTC_TIMESTAMP()
       WHERE sku_id IN (?)`,
      [...[...units].flat(), [...units.keys()]],
    );
    const after = await this.find([...units.keys()], query);
    await recordSkuSignals(before, after, query);
    return after;
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

  /**
   * SKUs on the shelf with ids above `after`, up to `upTo` when there is one, in the order of ids. A text is looked for
   * row by row, so bound it with {@link endOfWindow}.
   */
  async onShelf(filter: SkuFilter, after: string, upTo: string | undefined, limit: number): Promise<Sku[]> {
    const { index, ...path } = pathOf(filter);
    const conditions = ["status = 'on'", ...path.where, 'sku_id > ?'];
    const parameters: unknown[] = [...path.parameters, after];
    if (upTo !== undefined) {
      conditions.push('sku_id <= ?');
      parameters.push(upTo);
    }
    if (filter.spuId !== undefined && filter.shopId !== undefined) {
      conditions.push('shop_id = ?');
      parameters.push(filter.shopId);
    }
    if (filter.text) {
      // Codes are told apart by case, yet nobody searches so.
      conditions.push(`(name LIKE ? ESCAPE '!' OR sku_code COLLATE utf8mb4_general_ci LIKE ? ESCAPE '!')`);
      const pattern = `%${filter.text.replaceAll(/[!%_]/g, '!$&')}%`;
      parameters.push(pattern, pattern);
    }
    const where = conditions.join(' AND ');
    const rows = await this.database.query<SkuRow>(
      `SELECT ${COLUMNS} FROM product_sku FORCE INDEX (${index}) WHERE ${where}
       ORDER BY sku_id LIMIT ?`,
      [...parameters, limit],
    );
    return rows.map(toSku);
  }

  /** The last of the next `rows` ids above `after` along which {@link onShelf} looks; `undefined`: there are fewer. */
  async endOfWindow(filter: SkuFilter, after: string, rows: number): Promise<string | undefined> {
    const { index, parameters, ...path } = pathOf(filter);
    const where = [...path.where, 'sku_id > ?'].join(' AND ');
    const [end] = await this.database.query<{ sku_id: string }>(
      `SELECT sku_id FROM product_sku FORCE INDEX (${index}) WHERE ${where}
       ORDER BY sku_id LIMIT 1 OFFSET ?`,
      [...parameters, after, rows - 1],
    );
    return end?.sku_id;
  }

  /** SKUs that can be bought and cost at least so many cents, cheapest first, or less, dearest first. */
  async nextInPrice(scope: SkuScope, side: keyof typeof PRICES, cents: number, limit: number): Promise<Sku[]> {
    if ('skuIds' in scope && scope.skuIds.length === 0) return [];
    const [index, inScope, parameters] =
      'skuIds' in scope
        ? (['PRIMARY', 'sku_id IN (?) AND', [scope.skuIds]] as const)
        : 'shopId' in scope
          ? (['idx_shop_price', 'shop_id = ? AND', [scope.shopId]] as const)
          : (['idx_price', '', []] as const);
    const where = `${inScope} status = 'on' AND stock > 0 AND ${PRICES[side]}`;
    const rows = await this.database.query<SkuRow>(
      `SELECT ${COLUMNS} FROM product_sku FORCE INDEX (${index}) WHERE ${where} LIMIT ?`,
      [...parameters, fromCents(cents), limit],
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
        const before = await this.lock(ids, query);
        const places = chunk.map(() => '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, UTC_TIMESTAMP())').join(', ');
        await query(`${INSERT} VALUES ${places} ${ON_DUPLICATE}`, chunk.flatMap(toParameters));
        const after = await this.find(ids, query);
        await recordSkuSignals(before, after, query);
        stored.push(...after);
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
      const before = await this.lock([skuId], query);
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
      if (!sku || sku.status === 'gone') return undefined;
      await recordSkuSignals(before, [sku], query);
      return sku;
    });
  }
}

/**
 * The index a list is read along, in the order of ids, and what it fixes. Named, because the optimizer at times walks
 * from the first entry of `status` instead of starting at the cursor; and a text is judged on whole rows, which the
 * primary key has at hand.
 */
function pathOf({ text, shopId, spuId }: SkuFilter): { index: string; where: string[]; parameters: string[] } {
  const onShelf = "status = 'on'";
  if (spuId !== undefined) return { index: 'idx_spu', where: ['spu_id = ?', onShelf], parameters: [spuId] };
  if (shopId !== undefined) return { index: 'idx_shop', where: ['shop_id = ?', onShelf], parameters: [shopId] };
  return text
    ? { index: 'PRIMARY', where: [], parameters: [] }
    : { index: 'idx_status', where: [onShelf], parameters: [] };
}

/**
 * Places for a SKU and its number of units, for each. Ids are sent as texts; in a CASE, other than in `=` and `IN`, MySQL
 * compares a number with a text as doubles, and one WHEN would stand for all ids within 256 of a great one.
 */
function casesOf({ size }: ReadonlyMap<string, number>): string {
  return 'WHEN CAST(? AS SIGNED) THEN ? '.repeat(size);
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
