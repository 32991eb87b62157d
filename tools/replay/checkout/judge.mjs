import { toPrice } from '../invoices.mjs';

/**
 * How the answers on the way to an order differ from what must come; empty when they do not.
 *
 * @typedef {import('./oracle.mjs').ExpectedOrder} ExpectedOrder
 * @typedef {import('../client.mjs').Answer} Answer
 * @typedef {Record<string, unknown>} Facts
 */

const NO_DISCOUNT = { promotionDiscount: '0.00', couponDiscount: '0.00' };

/** @param {ExpectedOrder} order @param {Answer} answer */
export function judgeMerge({ items }, { status, body }) {
  /** @type {Facts} */
  const expected = { status: 200, persisted: true };
  for (const { skuId, quantity } of items) expected[`SKU ${skuId}`] = `added ${quantity} of ${quantity}`;
  /** @type {Facts} */
  const found = { status: told(status, body), persisted: body?.merge?.persisted };
  for (const { skuId, outcome, quantity, requested } of body?.merge?.items ?? []) {
    found[`SKU ${skuId}`] = `${outcome} ${quantity} of ${requested}`;
  }
  return differences('merge', found, expected);
}

/** @param {ExpectedOrder} order @param {Answer} answer */
export function judgePreview(order, { status, body }) {
  const blocked = order.items.length === 0 ? 'NOTHING_SELECTED' : '';
  const requirements = body?.requirements?.map((/** @type {any} */ { code }) => code).join();
  return differences(
    'preview',
    { status: told(status, body), requirements, ...foundOrder(body) },
    { status: 200, requirements: blocked, ...orderFacts(order) },
  );
}

/** @param {ExpectedOrder} order @param {Answer} answer @param {{ status: number, state: string }} right */
export function judgeOrder(order, { status, body }, right) {
  if (order.items.length === 0) {
    return differences('checkout', { answer: told(status, body) }, { answer: '409 NOTHING_SELECTED' });
  }
  const prices = (/** @type {any[]} */ items) => items.map(({ skuId, price }) => [`SKU ${skuId} price`, price]);
  const expectedPrices = order.items.map(({ skuId, price }) => ({ skuId, price: toPrice(price) }));
  return differences(
    'order',
    {
      status: told(status, body),
      state: body?.status,
      ...foundOrder(body),
      ...Object.fromEntries(prices(body?.items ?? [])),
    },
    { status: right.status, state: right.state, ...orderFacts(order), ...Object.fromEntries(prices(expectedPrices)) },
  );
}

/** The shopper agreed to a cent less than it costs. @param {ExpectedOrder} order @param {Answer} answer */
export function judgeRise({ payable }, { status, body }) {
  const { expectedPayable, payable: asked } = body?.errors?.[0] ?? {};
  return differences(
    'a cent too little',
    { answer: told(status, body), expectedPayable, payable: asked },
    { answer: '409 PRICE_CHANGED', expectedPayable: toPrice(payable - 1), payable: toPrice(payable) },
  );
}

/** A repeat with the same key. A refusal comes beside cart and preview as they are now. @param {Answer} first @param {Answer} again */
export function judgeRepeat(first, again) {
  const facts = (/** @type {Answer} */ { status, body, replayed }) => {
    const { cart: _cart, preview: _preview, ...told } = body ?? {};
    return { status, body: JSON.stringify(told), replayed };
  };
  return differences('repeat', facts(again), { ...facts(first), replayed: true });
}

/** @param {ExpectedOrder} order @returns {Facts} */
function orderFacts({ items, quantity, payable }) {
  /** @type {Facts} */
  const facts = { skus: items.length, quantity, goods: toPrice(payable), ...NO_DISCOUNT, payable: toPrice(payable) };
  for (const item of items) {
    facts[`SKU ${item.skuId}`] = `${item.quantity} for ${toPrice(item.goods)} - 0.00 - 0.00 = ${toPrice(item.goods)}`;
  }
  return { ...facts, gifts: 0, coupons: 0 };
}

/** @param {any} body @returns {Facts} */
function foundOrder(body) {
  const { skus, quantity, goods, promotionDiscount, couponDiscount, payable } = body?.totals ?? {};
  /** @type {Facts} */
  const facts = { skus, quantity, goods, promotionDiscount, couponDiscount, payable };
  for (const item of body?.items ?? []) {
    const discounts = `- ${item.promotionDiscount} - ${item.couponDiscount}`;
    facts[`SKU ${item.skuId}`] = `${item.quantity} for ${item.goods} ${discounts} = ${item.payable}`;
  }
  return { ...facts, gifts: body?.gifts?.length, coupons: body?.couponIds?.length };
}

/** @param {number} status @param {any} body */
function told(status, body) {
  return body?.code ? `${status} ${body.code}` : status;
}

/**
 * Of an answer of another kind the status says it all.
 * @param {string} what
 * @param {Facts} found
 * @param {Facts} expected
 */
function differences(what, found, expected) {
  const names =
    found['status'] === expected['status'] ? new Set([...Object.keys(expected), ...Object.keys(found)]) : ['status'];
  return [...names]
    .filter((name) => found[name] !== expected[name])
    .map((name) => `${what}: ${name} is ${String(found[name])}, not ${String(expected[name])}`);
}
