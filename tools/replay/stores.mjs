import { createPool } from 'mysql2/promise';
import { createClient } from 'redis';
import { toCents } from './invoices.mjs';

/**
 * One cart item as any of the places tells it. What a place does not know is undefined.
 * @typedef {object} Fact
 * @property {string} skuId
 * @property {number} quantity
 * @property {boolean} selected
 * @property {number} addCents
 * @property {number} [addedAt] ms since 1970
 * @property {number} [changedAt]
 * @property {string} [version]
 * @property {string} [position]
 * @property {string} [snapshot] JSON with sorted keys
 *
 * @typedef {{ version: string, skus: number, quantity: number, selectedSkus: number, selectedQuantity: number }} Meta
 *
 * @typedef {object} LogEntry
 * @property {string} skuId
 * @property {bigint} version
 * @property {string} action
 * @property {number} before
 * @property {number} after
 * @property {number} cents
 */

const ITEM = /^(\d+) ([01]) (\d+) (\d+) (\d+) (\d+) (\d+) (.*)$/s;
/** Version, state, SKUs, quantity, selected SKUs, selected quantity, last choice. */
const META = /^(\d+) ([012]) (\d+) (\d+) (\d+) (\d+) [01]$/;
const CHUNK = 500;
const OUTBOX = 'cart:outbox';

/** The live Redis, read with our own eyes. */
export class RedisEye {
  /** @param {string} url */
  constructor(url) {
    this.client = createClient({ url, socket: { connectTimeout: 5_000, reconnectStrategy: false } });
    // Without a listener the loss of the connection would end the process instead of failing the read.
    this.client.on('error', () => undefined);
  }

  /** @param {string} url */
  static async open(url) {
    const eye = new RedisEye(url);
    await eye.client.connect();
    return eye;
  }

  async outboxDepth() {
    return this.client.xLen(OUTBOX);
  }

  /**
   * `merge`: what became of a guest's cart by a merge.
   * @param {string} key
   * @returns {Promise<{ meta: Meta | undefined, merge: string | undefined, items: Fact[] }>}
   */
  async cart(key) {
    const { _: meta, '@': merge, ...fields } = await this.client.hGetAll(key);
    return {
      meta: parseMeta(meta),
      merge,
      items: latestFirst(Object.entries(fields).map(([sku, raw]) => parseItem(sku, raw))),
    };
  }

  close() {
    this.client.destroy();
  }
}

/** The MySQL copy, read with our own eyes. */
export class MysqlEye {
  /** @param {string} url */
  static async open(url) {
    const pool = createPool({
      uri: url.replace(/^mariadb:/, 'mysql:'),
      timezone: 'Z',
      dateStrings: true,
      supportBigNumbers: true,
      bigNumberStrings: true,
      connectionLimit: 2,
      connectTimeout: 5_000,
    });
    const eye = new MysqlEye(pool);
    await eye.query('SELECT 1', []);
    return eye;
  }

  /** @param {import('mysql2/promise').Pool} pool */
  constructor(pool) {
    this.pool = pool;
  }

  /** @param {string} sql @param {unknown[]} values @returns {Promise<any[]>} */
  async query(sql, values) {
    const [rows] = await this.pool.query({ sql, timeout: 30_000 }, values);
    return /** @type {any[]} */ (rows);
  }

  /** @returns {Promise<Map<string, number>>} SKU → cents */
  async prices() {
    const rows = await this.query("SELECT sku_id, price FROM product_sku WHERE status = 'on'", []);
    return new Map(rows.map((row) => [row.sku_id, toCents(row.price)]));
  }

  /**
   * The prices now of what will be added; a SKU that is not for sale is a mistake of whoever started this.
   * @param {readonly { lines: import('./invoices.mjs').Line[] }[]} carts
   */
  async pricesOf(carts) {
    const prices = await this.prices();
    const missing = carts.flatMap((cart) => cart.lines).find((line) => !prices.has(line.skuId));
    if (missing) throw new Error(`SKU ${missing.skuId} is not for sale: load the sample catalogue first.`);
    return prices;
  }

  /** Rows of the table, removed ones included. */
  async cartRows() {
    const [{ n }] = await this.query('SELECT COUNT(*) AS n FROM cart', []);
    return Number(n);
  }

  /** @param {string[]} userIds @returns {Promise<Map<string, Fact[]>>} latest first; removed rows included as quantity 0 */
  async carts(userIds) {
    const carts = new Map(userIds.map((id) => [id, /** @type {Fact[]} */ ([])]));
    for (const ids of chunks(userIds)) {
      const rows = await this.query('SELECT * FROM cart WHERE user_id IN (?)', [ids]);
      for (const row of rows) carts.get(row.user_id)?.push(parseRow(row));
    }
    return new Map([...carts].map(([id, items]) => [id, latestFirst(items)]));
  }

  /** @param {string} kind @param {string[]} ownerIds @returns {Promise<Map<string, LogEntry[]>>} oldest first */
  async log(kind, ownerIds) {
    const logs = new Map(ownerIds.map((id) => [id, /** @type {LogEntry[]} */ ([])]));
    for (const ids of chunks(ownerIds)) {
      const rows = await this.query(
        'SELECT * FROM cart_change_log WHERE owner_kind = ? AND owner_id IN (?) ORDER BY version, sku_id',
        [kind, ids],
      );
      for (const row of rows) logs.get(row.owner_id)?.push(parseLog(row));
    }
    return logs;
  }

  /** @param {string} kind @param {string[]} ownerIds */
  async logRows(kind, ownerIds) {
    let rows = 0;
    for (const ids of chunks(ownerIds)) {
      const sql = 'SELECT COUNT(*) AS n FROM cart_change_log WHERE owner_kind = ? AND owner_id IN (?)';
      const [{ n }] = await this.query(sql, [kind, ids]);
      rows += Number(n);
    }
    return rows;
  }

  async close() {
    await this.pool.end();
  }
}

/** Equal snapshots are equal texts. @param {any} snapshot */
export function canonical(snapshot) {
  const object = typeof snapshot === 'string' ? JSON.parse(snapshot) : snapshot;
  return JSON.stringify(Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** @param {string} skuId @param {string} raw @returns {Fact} */
export function parseItem(skuId, raw) {
  const m = ITEM.exec(raw);
  if (!m) throw new Error(`Redis holds no item for SKU ${skuId} but ${raw.slice(0, 80)}`);
  return {
    skuId,
    quantity: Number(m[1]),
    selected: m[2] === '1',
    addCents: Number(m[3]),
    addedAt: Number(m[4]),
    changedAt: Number(m[5]),
    position: m[6],
    version: m[7],
    snapshot: canonical(m[8]),
  };
}

/** @param {string | undefined} raw @returns {Meta | undefined} */
function parseMeta(raw) {
  const m = META.exec(raw ?? '');
  if (!m) return undefined;
  return {
    version: String(m[1]),
    skus: Number(m[3]),
    quantity: Number(m[4]),
    selectedSkus: Number(m[5]),
    selectedQuantity: Number(m[6]),
  };
}

/** @param {any} row @returns {Fact} */
function parseRow(row) {
  return {
    skuId: row.product_sku_id,
    quantity: row.is_deleted === 1 ? 0 : row.product_sku_num,
    selected: row.selected_status === 1,
    addCents: toCents(row.add_amount),
    addedAt: parseTime(row.added_at),
    changedAt: parseTime(row.changed_at),
    position: row.position,
    version: row.version,
    snapshot: canonical(row.snapshot),
  };
}

/** @param {any} row @returns {LogEntry} */
function parseLog(row) {
  return {
    skuId: row.sku_id,
    version: BigInt(row.version),
    action: row.action,
    before: row.quantity_before,
    after: row.quantity_after,
    cents: toCents(row.price),
  };
}

/** A datetime(3) is UTC text without a zone. @param {string} text */
function parseTime(text) {
  return Date.parse(`${text.replace(' ', 'T')}Z`);
}

/** @param {Fact[]} items */
function latestFirst(items) {
  return items.sort((a, b) => Number(BigInt(b.position ?? 0) - BigInt(a.position ?? 0)));
}

/** @param {string[]} ids */
export function* chunks(ids) {
  for (let i = 0; i < ids.length; i += CHUNK) yield ids.slice(i, i + CHUNK);
}
