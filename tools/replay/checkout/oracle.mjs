import { expectCart } from '../oracle.mjs';

/**
 * What an invoice must come to, in cents, from the file alone.
 *
 * @typedef {{ skuId: string, quantity: number, addCents: number, price: number, goods: number }} OrderedItem
 *
 * @typedef {object} ExpectedOrder
 * @property {import('../oracle.mjs').Step[]} steps one per line
 * @property {OrderedItem[]} items empty: there is nothing to order
 * @property {number} quantity
 * @property {number} payable
 */

/**
 * Each SKU costs what its last line says: that is the live price when the invoice is checked out, also when the line
 * itself was refused, for the price is changed before the add. The sample's shops have no promotions.
 * @param {import('./invoices.mjs').Invoice} invoice
 * @param {import('../oracle.mjs').Limits} limits
 * @returns {ExpectedOrder}
 */
export function expectOrder({ kind, name, lines }, limits) {
  const cart = expectCart({ kind, name, lines }, limits);
  const prices = new Map(lines.map(({ skuId, cents }) => [skuId, cents]));
  const items = cart.items.map((item) => {
    const price = /** @type {number} */ (prices.get(item.skuId));
    return { ...item, price, goods: price * item.quantity };
  });
  return {
    steps: cart.steps,
    items,
    quantity: sum(items.map(({ quantity }) => quantity)),
    payable: sum(items.map(({ goods }) => goods)),
  };
}

/**
 * The lines as they stand in the file, without carts and SKUs: what the shop has really written on the invoice. Differs
 * from the order only where one invoice has a SKU at two prices.
 * @param {import('./invoices.mjs').Invoice} invoice
 * @param {ExpectedOrder} order
 */
export function sumOfLines({ lines }, { steps }) {
  return sum(lines.map(({ quantity, cents }, i) => (steps[i]?.code ? 0 : quantity * cents)));
}

/**
 * Of how many units each SKU's stock must have fallen.
 * @param {readonly ExpectedOrder[]} orders
 * @returns {Map<string, number>}
 */
export function unitsSold(orders) {
  const sold = new Map();
  for (const { skuId, quantity } of orders.flatMap(({ items }) => items)) {
    sold.set(skuId, (sold.get(skuId) ?? 0) + quantity);
  }
  return sold;
}

/** @param {readonly number[]} numbers */
export function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
