import { expect } from 'vitest';
import type { Database } from '@app/database';
import type { Answer, Shopper } from './api.js';
import { eventually } from './eventually.js';

let keys = 0;

/** An `Idempotency-Key` nobody else uses. */
export function freshKey(): string {
  return `key-${process.pid}-${Date.now()}-${++keys}`;
}

/** Submits the selected items, whatever they cost unless `body` says otherwise. */
export function checkout(user: Shopper, body: object = {}, key = freshKey()): Promise<Answer> {
  return user.post('/v1/cart/checkout', { expectedPayable: '99999999.99', ...body }, { 'idempotency-key': key });
}

/** As {@link checkout}, again with the same key while the service says that this passes. */
export async function insistOnCheckout(user: Shopper, body: object = {}, key = freshKey()): Promise<Answer> {
  return eventually(
    async () => {
      const answer = await checkout(user, body, key);
      expect(['CART_BUSY', 'CART_UNAVAILABLE', 'IDEMPOTENCY_IN_PROGRESS']).not.toContain(answer.body.code);
      return answer;
    },
    { timeoutMs: 90_000, intervalMs: 500 },
  );
}

/** What is in a cart, by SKU. */
export async function quantitiesOf(user: Shopper): Promise<Record<string, number>> {
  return Object.fromEntries((await user.cart()).items.map(({ skuId, quantity }) => [skuId, quantity]));
}

/** The bank: what left the stock of a SKU is in orders that stand, and there is no less than nothing. */
export async function expectStockConserved(database: Database, skuId: string, initial: number): Promise<number> {
  const [row] = await database.query<{ stock: number; ordered: string }>(
    `SELECT stock, (SELECT COALESCE(SUM(i.quantity), 0) FROM order_item i JOIN orders o ON o.order_id = i.order_id
       WHERE i.sku_id = product_sku.sku_id AND o.status IN ('placing', 'pending', 'paid')) AS ordered
     FROM product_sku WHERE sku_id = ?`,
    [skuId],
  );
  expect(row!.stock).toBeGreaterThanOrEqual(0);
  expect(row!.stock + Number(row!.ordered)).toBe(initial);
  return Number(row!.ordered);
}

/** No order is of another amount than its items, and no item than its price; a coupon is used as often as orders say. */
export async function expectMoneyConserved(database: Database): Promise<void> {
  const wrong = await database.query(
    `SELECT o.order_id FROM orders o JOIN order_item i ON i.order_id = o.order_id GROUP BY o.order_id
     HAVING SUM(i.payable) <> MAX(o.payable) OR SUM(i.goods) <> MAX(o.goods)
       OR SUM(i.goods <> i.price * i.quantity) > 0
       OR SUM(i.payable <> i.goods - i.promotion_discount - i.coupon_discount) > 0`,
  );
  expect(wrong).toEqual([]);
  const used = await database.query(
    `SELECT u.user_id, u.coupon_id FROM user_coupon u WHERE u.used <> (SELECT COUNT(*) FROM orders o
       WHERE o.user_id = u.user_id AND o.status IN ('placing', 'pending', 'paid')
         AND JSON_CONTAINS(o.coupon_ids, JSON_QUOTE(CAST(u.coupon_id AS CHAR))))`,
  );
  expect(used).toEqual([]);
}
