import { Injectable } from '@nestjs/common';
import { Env } from '@app/common';
import { Database, Query } from '@app/database';
import { CartState, NewOrder, Order, RestoredItem } from './order.js';
import {
  ITEM_COLUMNS,
  itemParameters,
  ORDER_COLUMNS,
  OrderItemRow,
  orderParameters,
  OrderRow,
  toOrder,
} from './order.rows.js';

const INSERT_CHUNK = 200;
const IS_RETURNING = "cart_state IN ('return', 'restore')";

/** Something of an order that is still to be done. */
export type Due = { orderId: string; attemptAt: string };

/** How far the orders of one user have come. */
export interface OrdersOfUser {
  latest: string;
  isPlacing: boolean;
  isOwed: boolean;
}

/** The `orders` and `order_item` tables. */
@Injectable()
export class OrderTable {
  /** How long the request that has begun something may take to finish it, before a sweeper does, µs. */
  private readonly firstAttempt: number;

  constructor(
    private readonly database: Database,
    private readonly env: Env,
  ) {
    this.firstAttempt = env.UNFINISHED_AFTER_MS * 500;
  }

  /** Returns the number of the order. Fails as a duplicate when an item of the cart, in that version, was sold before. */
  async insert(order: NewOrder, query: Query): Promise<string> {
    const cartState: CartState = order.status === 'placing' ? 'none' : 'take';
    const { insertId } = (await query(
      `INSERT INTO orders (user_id, status, currency, goods, promotion_discount, coupon_discount, payable, coupon_ids,
         gifts, cart_state, created_at, expires_at, closed_at, attempt_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL ? SECOND,
         IF(?, UTC_TIMESTAMP(3), NULL), UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND)`,
      [
        ...[...orderParameters(order), cartState, this.env.ORDER_TTL_SECONDS],
        ...[order.status === 'paid' ? 1 : 0, this.firstAttempt],
      ],
    )) as unknown as { insertId: number | string };
    const orderId = String(insertId);
    for (let i = 0; i < order.lines.length; i += INSERT_CHUNK) {
      const chunk = order.lines.slice(i, i + INSERT_CHUNK);
      const places = chunk.map(() => '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').join(', ');
      await query(
        `INSERT INTO order_item (order_id, sku_id, user_id, quantity, price, goods, promotion_discount,
           coupon_discount, payable, snapshot, item, item_version) VALUES ${places}`,
        chunk.flatMap((line) => itemParameters(orderId, order.userId, line)),
      );
    }
    return orderId;
  }

  async find(orderId: string, query: Query = this.database.query): Promise<Order | undefined> {
    const [order] = await this.read('order_id = ?', [orderId], query);
    return order;
  }

  /** In the order in which they are named. */
  async findAll(orderIds: readonly string[]): Promise<Order[]> {
    if (orderIds.length === 0) return [];
    const orders = await this.read('order_id IN (?)', [orderIds], this.database.query);
    const byId = new Map(orders.map((order) => [order.orderId, order]));
    return orderIds.flatMap((orderId) => byId.get(orderId) ?? []);
  }

  /** As {@link find}, and nobody else changes it until the transaction of `query` ends. */
  async lock(orderId: string, query: Query): Promise<Order | undefined> {
    await query('SELECT order_id FROM orders WHERE order_id = ? FOR UPDATE', [orderId]);
    return this.find(orderId, query);
  }

  /** Those whose items are still to leave the user's cart, in the order they were made. */
  owedByCart(userId: string): Promise<Order[]> {
    return this.read("user_id = ? AND cart_state = 'take'", [userId], this.database.query);
  }

  /** The latest order of a user, "0" when there is none; whether one is being placed, and whether the cart owes one. */
  async standing(userId: string, query: Query = this.database.query): Promise<OrdersOfUser> {
    const [row] = await query<{ latest: string | null; placing: string | null; owed: string | null }>(
      `SELECT MAX(order_id) AS latest, SUM(status = 'placing') AS placing, SUM(cart_state = 'take') AS owed
       FROM orders WHERE user_id = ?`,
      [userId],
    );
    return {
      latest: String(row?.latest ?? '0'),
      isPlacing: Number(row?.placing ?? 0) > 0,
      isOwed: Number(row?.owed ?? 0) > 0,
    };
  }

  /**
   * The order service has said yes; the time to pay begins, or there is nothing to pay. `false`: that was known, or the
   * order is none of those it is asked about.
   */
  async confirm(orderId: string, query: Query): Promise<boolean> {
    return this.update(
      query,
      `UPDATE orders SET status = IF(payable = 0, 'paid', 'pending'), cart_state = 'take',
         closed_at = IF(payable = 0, UTC_TIMESTAMP(3), NULL),
         expires_at = GREATEST(expires_at, UTC_TIMESTAMP(3) + INTERVAL ? SECOND),
         attempt_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND
       WHERE order_id = ? AND status = 'placing'`,
      [this.env.ORDER_TTL_SECONDS, this.firstAttempt, orderId],
    );
  }

  /**
   * The order service has said no, or nothing for too long: the items may be ordered again. An earlier call may have been
   * a yes that nobody heard, so the service is told. `false` as of {@link confirm}.
   */
  async fail(orderId: string, query: Query): Promise<boolean> {
    const isFailed = await this.update(
      query,
      `UPDATE orders SET status = 'failed', closed_at = UTC_TIMESTAMP(3), to_be_told = 1
       WHERE order_id = ? AND status = 'placing'`,
      [orderId],
    );
    if (isFailed) await query('UPDATE order_item SET item_version = NULL WHERE order_id = ?', [orderId]);
    return isFailed;
  }

  async markUntold(orderId: string): Promise<void> {
    await this.database.query('UPDATE orders SET to_be_told = 1 WHERE order_id = ?', [orderId]);
  }

  async markTold(orderId: string): Promise<void> {
    await this.database.query('UPDATE orders SET to_be_told = 0 WHERE order_id = ?', [orderId]);
  }

  /** Ends what the order waited for; if it came to nothing, its items have to come back into the cart. */
  async close(
    orderId: string,
    { status, isToBeTold }: { status: 'paid' | 'cancelled' | 'expired'; isToBeTold: boolean },
    query: Query,
  ): Promise<void> {
    const isOver = status === 'paid' ? 0 : 1;
    await query(
      `UPDATE orders SET status = ?, closed_at = UTC_TIMESTAMP(3),
         cart_state = IF(?, IF(cart_state = 'taken', 'restore', 'return'), cart_state), to_be_told = ?,
         attempt_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND WHERE order_id = ?`,
      [status, isOver, isOver && isToBeTold ? 1 : 0, this.firstAttempt, orderId],
    );
  }

  /** MySQL's copy of the cart is without what these orders took. */
  async markTaken(orderIds: readonly string[], query: Query = this.database.query): Promise<void> {
    if (orderIds.length === 0) return;
    await query(
      `UPDATE orders SET cart_state = IF(cart_state = 'take', 'taken', 'restore')
       WHERE order_id IN (?) AND cart_state IN ('take', 'return')`,
      [orderIds],
    );
  }

  /** Keeps what came back into the cart; the first answer counts. */
  async keepRestored(
    orderId: string,
    restored: readonly RestoredItem[],
    query: Query = this.database.query,
  ): Promise<void> {
    await query(`UPDATE orders SET restored = ? WHERE order_id = ? AND ${IS_RETURNING} AND restored IS NULL`, [
      JSON.stringify(restored),
      orderId,
    ]);
  }

  /** MySQL's copy of the cart has what these orders gave back. */
  async markSettled(orderIds: readonly string[], query: Query = this.database.query): Promise<void> {
    if (orderIds.length === 0) return;
    await query(`UPDATE orders SET cart_state = 'settled' WHERE order_id IN (?) AND ${IS_RETURNING}`, [orderIds]);
  }

  /** Orders the cart still has something to do with, that nobody has tried for a while. */
  cartDue(limit: number): Promise<Due[]> {
    return this.due(
      "cart_state IN ('take', 'return', 'restore') AND attempt_at <= UTC_TIMESTAMP(3) ORDER BY attempt_at",
      limit,
    );
  }

  /** Orders without an answer of the order service. */
  placingDue(limit: number): Promise<Due[]> {
    return this.due("status = 'placing' AND attempt_at <= UTC_TIMESTAMP(3) ORDER BY attempt_at", limit);
  }

  /** Closed orders that the order service has still to hear of. */
  tellDue(limit: number): Promise<Due[]> {
    return this.due('to_be_told = 1 AND attempt_at <= UTC_TIMESTAMP(3) ORDER BY attempt_at', limit);
  }

  /** Orders nobody has paid in time. */
  overdue(limit: number): Promise<Due[]> {
    return this.due("status = 'pending' AND expires_at <= UTC_TIMESTAMP(3) ORDER BY expires_at", limit);
  }

  /** `true`: no other instance tries it within UNFINISHED_AFTER_MS. */
  tryNow({ orderId, attemptAt }: Due): Promise<boolean> {
    return this.update(
      this.database.query,
      'UPDATE orders SET attempt_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND WHERE order_id = ? AND attempt_at = ?',
      [this.env.UNFINISHED_AFTER_MS * 1000, orderId, attemptAt],
    );
  }

  /** Whether a row was changed. */
  private async update(query: Query, sql: string, parameters: readonly unknown[]): Promise<boolean> {
    const { affectedRows } = (await query(sql, parameters)) as unknown as { affectedRows: number };
    return affectedRows > 0;
  }

  private async due(where: string, limit: number): Promise<Due[]> {
    const rows = await this.database.query<{ order_id: string; attempt_at: string }>(
      `SELECT order_id, attempt_at FROM orders WHERE ${where} LIMIT ?`,
      [limit],
    );
    return rows.map((row) => ({ orderId: String(row.order_id), attemptAt: row.attempt_at }));
  }

  private async read(where: string, parameters: unknown[], query: Query): Promise<Order[]> {
    const rows = await query<OrderRow>(
      `SELECT ${ORDER_COLUMNS} FROM orders WHERE ${where} ORDER BY order_id`,
      parameters,
    );
    if (rows.length === 0) return [];
    const items = await query<OrderItemRow>(
      `SELECT ${ITEM_COLUMNS} FROM order_item WHERE order_id IN (?) ORDER BY order_id, sku_id`,
      [rows.map((row) => row.order_id)],
    );
    return rows.map((row) =>
      toOrder(
        row,
        items.filter((item) => item.order_id === row.order_id),
      ),
    );
  }
}
