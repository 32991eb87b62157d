import { toCents } from '../invoices.mjs';
import { chunks } from '../stores.mjs';

/**
 * An order as the tables hold it, in cents.
 * @typedef {{ orderId: string, userId: string, status: string, cartState: string, items: StoredItem[] } & Amounts} StoredOrder
 * @typedef {{ skuId: string, userId: string, quantity: number, price: number } & Amounts} StoredItem
 * @typedef {{ goods: number, discounts: number, payable: number }} Amounts
 */

/** Orders and stock in MySQL, read with our own eyes. */
export class OrderEye {
  /** @param {import('../stores.mjs').MysqlEye} mysql */
  constructor(mysql) {
    this.mysql = mysql;
  }

  /** @returns {Promise<string>} id of the newest order there is */
  async newest() {
    const [{ newest }] = await this.mysql.query('SELECT COALESCE(MAX(order_id), 0) AS newest FROM orders', []);
    return String(newest);
  }

  /** @param {string[]} userIds @param {string} after an order's id @returns {Promise<StoredOrder[]>} */
  async ordersOf(userIds, after) {
    /** @type {Map<string, StoredOrder>} */
    const orders = new Map();
    for (const ids of chunks(userIds)) {
      const sql = 'SELECT * FROM orders WHERE user_id IN (?) AND order_id > ? ORDER BY order_id';
      for (const row of await this.mysql.query(sql, [ids, after])) orders.set(String(row.order_id), toOrder(row));
    }
    for (const ids of chunks([...orders.keys()])) {
      const rows = await this.mysql.query('SELECT * FROM order_item WHERE order_id IN (?)', [ids]);
      for (const row of rows) orders.get(String(row.order_id))?.items.push(toItem(row));
    }
    return [...orders.values()];
  }

  /**
   * Orders of which the table does not say yet that their items have left the cart.
   * @param {string[]} userIds @param {string} after an order's id
   */
  async owed(userIds, after) {
    let owed = 0;
    for (const ids of chunks(userIds)) {
      const sql = "SELECT COUNT(*) AS n FROM orders WHERE user_id IN (?) AND order_id > ? AND cart_state = 'take'";
      const [{ n }] = await this.mysql.query(sql, [ids, after]);
      owed += Number(n);
    }
    return owed;
  }

  /** @returns {Promise<Map<string, number>>} SKU → units on the shelf */
  async stock() {
    const rows = await this.mysql.query('SELECT sku_id, stock FROM product_sku', []);
    return new Map(rows.map((row) => [String(row.sku_id), Number(row.stock)]));
  }
}

/** @param {any} row @returns {StoredOrder} */
function toOrder(row) {
  return {
    orderId: String(row.order_id),
    userId: String(row.user_id),
    status: row.status,
    cartState: row.cart_state,
    ...amounts(row),
    items: [],
  };
}

/** @param {any} row @returns {StoredItem} */
function toItem(row) {
  return {
    skuId: String(row.sku_id),
    userId: String(row.user_id),
    quantity: Number(row.quantity),
    price: toCents(row.price),
    ...amounts(row),
  };
}

/** @param {any} row @returns {Amounts} */
function amounts(row) {
  return {
    goods: toCents(row.goods),
    discounts: toCents(row.promotion_discount) + toCents(row.coupon_discount),
    payable: toCents(row.payable),
  };
}
