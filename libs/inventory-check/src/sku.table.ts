import { Injectable } from '@nestjs/common';
import { AppError } from '@app/common';
import { Database, foldText, fromCents, Query } from '@app/database';
import { recordSkuSignals } from './sku-signals.js';
import { ChangeTerms, patchSku, removeSku } from './sku.change.js';
import { COLUMNS, SHOP_COLUMNS, ShopSkuRow, SkuRow, toShopSku, toSku } from './sku.rows.js';
import { readShopSkus, upsertSkus } from './sku.upsert.js';
import { ShopSku, ShopSkuFilter, Sku, SkuFilter, SkuInput, SkuPatch, SkuScope } from './sku.js';

const MAX_STOCK = 2_147_483_647;
const DUPLICATE = 1062;
const ATTEMPTS = 3;

const PRICES = {
  at_least: 'price >= ? ORDER BY price, sku_id',
  below: 'price < ? ORDER BY price DESC, sku_id DESC',
};

/** A row of an older version of the service has no text to search yet. */
const HAS_TEXT = `COALESCE(search_text, CONCAT(name, '\\n', sku_code)) COLLATE utf8mb4_unicode_520_ci LIKE ? ESCAPE '!'`;

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
      conditions.push(HAS_TEXT);
      parameters.push(patternOf(filter.text));
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

  /**
   * SKUs as the shop keeps them, those off the shelf too, the latest added first: with numbers below `before`, down to
   * `downTo` when there is one. A text is looked for row by row, so bound it with {@link endOfShopWindow}.
   */
  async newest(filter: ShopSkuFilter, before: string, downTo: string | undefined, limit: number): Promise<ShopSku[]> {
    const conditions = ["status <> 'gone'", 'added_no < ?'];
    const parameters: unknown[] = [before];
    const add = (condition: string, value: unknown) => {
      if (value === undefined) return;
      conditions.push(condition);
      parameters.push(value);
    };
    add('shop_id = ?', filter.shopId);
    add('status = ?', filter.status);
    add('added_no >= ?', downTo);
    add(HAS_TEXT, filter.text && patternOf(filter.text));
    const where = conditions.join(' AND ');
    const index = indexOf(filter);
    const rows = await this.database.query<ShopSkuRow>(
      `SELECT ${SHOP_COLUMNS} FROM product_sku FORCE INDEX (${index}) WHERE ${where}
       ORDER BY added_no DESC LIMIT ?`,
      [...parameters, limit],
    );
    return rows.map(toShopSku);
  }

  /** The last of the next `rows` numbers below `before` along which {@link newest} looks; `undefined`: there are fewer. */
  async endOfShopWindow(filter: ShopSkuFilter, before: string, rows: number): Promise<string | undefined> {
    const [where, parameters] =
      filter.shopId === undefined
        ? ['added_no < ?', [before]]
        : ['shop_id = ? AND added_no < ?', [filter.shopId, before]];
    const index = indexOf(filter);
    const [end] = await this.database.query<{ added_no: string }>(
      `SELECT added_no FROM product_sku FORCE INDEX (${index}) WHERE ${where}
       ORDER BY added_no DESC LIMIT 1 OFFSET ?`,
      [...parameters, rows - 1],
    );
    return end?.added_no;
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

  /**
   * Inserts or replaces, all or none; a SKU that was gone comes back. Returns the SKUs as they are now, in the order in
   * which they were first named. Throws `SKU_CODE_TAKEN`.
   */
  upsert(skus: readonly SkuInput[]): Promise<ShopSku[]> {
    if (skus.length === 0) return Promise.resolve([]);
    return this.change((query) => upsertSkus(skus, query));
  }

  /** As {@link patchSku}, in a transaction of its own. */
  patch(skuId: string, patch: SkuPatch, terms: ChangeTerms = {}): Promise<ShopSku | undefined> {
    return this.change((query) => patchSku(skuId, patch, terms, query));
  }

  /** As {@link removeSku}, in a transaction of its own. */
  remove(skuId: string, terms: ChangeTerms = {}): Promise<ShopSku | undefined> {
    return this.change((query) => removeSku(skuId, terms, query));
  }

  /** One SKU as the shop keeps it; `undefined` when it is unknown or gone. */
  async findForShop(skuId: string): Promise<ShopSku | undefined> {
    const [sku] = await readShopSkus([skuId], this.database.query);
    return sku?.status === 'gone' ? undefined : sku;
  }

  /**
   * A code or number that another transaction has taken since it was looked for makes the change begin again, and see it.
   */
  private async change<T>(work: (query: Query) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.database.transaction(work);
      } catch (error) {
        if ((error as { errno?: number }).errno !== DUPLICATE) throw error;
        if (attempt === ATTEMPTS) throw new AppError('SKU_CODE_TAKEN', [], undefined, { cause: error });
      }
    }
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

function patternOf(text: string): string {
  return `%${foldText(text).replaceAll(/[!%_]/g, '!$&')}%`;
}

function indexOf({ shopId }: ShopSkuFilter): string {
  return shopId === undefined ? 'uk_added_no' : 'idx_shop_added';
}
