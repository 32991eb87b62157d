import { unitsSold } from './oracle.mjs';

/**
 * What the stores must hold when every invoice is an order. Each function returns differences.
 *
 * @typedef {import('./oracle.mjs').ExpectedOrder} ExpectedOrder
 * @typedef {import('./order-eye.mjs').StoredOrder} StoredOrder
 * @typedef {import('../stores.mjs').LogEntry} LogEntry
 * @typedef {import('../stores.mjs').Fact} Fact
 *
 * @typedef {object} Made one visit, and the order it was told of; `undefined`: there was nothing to order
 * @property {import('./invoices.mjs').Invoice} invoice
 * @property {ExpectedOrder} expected
 * @property {string | undefined} orderId
 */

/**
 * Every invoice is one order, to the cent, and there is no other.
 * @param {readonly Made[]} made
 * @param {readonly StoredOrder[]} stored
 */
export function proveOrders(made, stored) {
  const found = new Map(stored.map((order) => [order.orderId, order]));
  const differences = [];
  for (const { invoice, expected, orderId } of made) {
    const order = found.get(String(orderId));
    found.delete(String(orderId));
    if (order === undefined && expected.items.length === 0) continue;
    const right = orderText(invoice.buyer, expected);
    const text = order ? storedText(order) : ['none'];
    differences.push(...unlike(text, right).map((line) => `invoice ${invoice.number}, order ${orderId}: ${line}`));
  }
  for (const { orderId, userId } of found.values())
    differences.push(`order ${orderId} of user ${userId} has no invoice`);
  return differences;
}

/** @param {string} userId @param {ExpectedOrder} expected */
function orderText(userId, { items, payable }) {
  const lines = items.map(({ skuId, quantity, price, goods }) =>
    itemText({ skuId, userId, quantity, price, goods, discounts: 0, payable: goods }),
  );
  return [`user ${userId}, paid, ${payable} - 0 = ${payable}`, ...lines];
}

/** @param {StoredOrder} order */
function storedText({ userId, status, cartState, goods, discounts, payable, items }) {
  const owed = cartState === 'take' ? ', its items still in the cart' : '';
  return [`user ${userId}, ${status}${owed}, ${goods} - ${discounts} = ${payable}`, ...items.map(itemText)];
}

/** @param {import('./order-eye.mjs').StoredItem} item */
function itemText({ skuId, userId, quantity, price, goods, discounts, payable }) {
  return `SKU ${skuId} of user ${userId}: ${quantity} at ${price}, ${goods} - ${discounts} = ${payable}`;
}

/** @param {readonly string[]} found @param {readonly string[]} right */
function unlike(found, right) {
  const missing = right.filter((line) => !found.includes(line)).map((line) => `not there: ${line}`);
  return [...missing, ...found.filter((line) => !right.includes(line)).map((line) => `wrong: ${line}`)];
}

/**
 * The shelves lost what the orders hold, nothing more and nothing less; no other SKU moved.
 * @param {readonly ExpectedOrder[]} orders
 * @param {ReadonlyMap<string, number>} before
 * @param {ReadonlyMap<string, number>} after
 */
export function proveStock(orders, before, after) {
  const sold = unitsSold(orders);
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((skuId) => {
    const fell = (before.get(skuId) ?? 0) - (after.get(skuId) ?? 0);
    const ordered = sold.get(skuId) ?? 0;
    return fell === ordered ? [] : [`stock of SKU ${skuId} fell by ${fell}, not ${ordered}`];
  });
}

/**
 * The cart is empty in both stores, and MySQL keeps a removed row of everything that was ever in it.
 * @param {{ label: string, redis: { meta: import('../stores.mjs').Meta | undefined, items: readonly Fact[] }, mysql: readonly Fact[], skuIds: ReadonlySet<string> }} cart
 */
export function proveEmpty({ label, redis, mysql, skuIds }) {
  const { skus = 0, quantity = 0, selectedSkus = 0, selectedQuantity = 0 } = redis.meta ?? {};
  const counted = [skus, quantity, selectedSkus, selectedQuantity].join();
  const rows = new Set(mysql.map((row) => row.skuId));
  return [
    ...redis.items.map(({ skuId }) => `SKU ${skuId} is still in Redis`),
    ...(counted === '0,0,0,0' ? [] : [`Redis counts ${counted} in an empty cart`]),
    ...mysql.filter((row) => row.quantity > 0).map(({ skuId }) => `SKU ${skuId} is still in MySQL`),
    ...[...skuIds].filter((skuId) => !rows.has(skuId)).map((skuId) => `SKU ${skuId} has no row in MySQL`),
  ].map((difference) => `${label}: ${difference}`);
}

/** A guest's cart that held something is the buyer's now and stays closed. @param {string} label @param {Made} made @param {string | undefined} merge */
export function proveMerged(label, { invoice, expected }, merge) {
  const right = expected.items.length > 0 ? `merged ${invoice.buyer}` : undefined;
  return merge === right ? [] : [`${label}: the guest's cart is "${merge ?? 'open'}", not "${right ?? 'open'}"`];
}

/** What the change log says of a visit, in its order. */
const LOG = {
  /** @param {Made} made */
  adds: ({ invoice, expected: { steps } }) =>
    steps.flatMap((step, i) =>
      step.code ? [] : [entry('add', String(invoice.lines[i]?.skuId), step.before, step.after, step.addCents ?? 0)],
    ),
  /** @param {Made} made */
  arrivals: ({ expected }) =>
    bySku(expected).map((item) => entry('merge', item.skuId, 0, item.quantity, item.addCents)),
  /** @param {Made} made */
  departures: ({ expected }) =>
    bySku(expected).map((item) => entry('merge', item.skuId, item.quantity, 0, item.addCents)),
  /** @param {Made} made */
  orders: ({ expected }) => bySku(expected).map((item) => entry('order', item.skuId, item.quantity, 0, item.addCents)),
};

/** A user's log: what was added or came from the guest's cart, then what was ordered. @param {readonly Made[]} visits */
export function userLog(visits) {
  return visits.flatMap((made) => [
    ...(made.invoice.kind === 'user' ? LOG.adds(made) : LOG.arrivals(made)),
    ...LOG.orders(made),
  ]);
}

/** A guest's log: what was added, then what the merge took. @param {Made} made */
export function guestLog(made) {
  return [...LOG.adds(made), ...LOG.departures(made)];
}

/**
 * @param {string} label
 * @param {readonly LogEntry[]} log oldest first
 * @param {string} startVersion of the cart before the replay
 * @param {readonly string[]} right
 */
export function proveLog(label, log, startVersion, right) {
  const found = log
    .filter(({ version }) => version > BigInt(startVersion))
    .map(({ action, skuId, before, after, cents }) => entry(action, skuId, before, after, cents));
  const first = right.findIndex((text, i) => found[i] !== text);
  const differs = first >= 0 ? first : right.length;
  if (found.length === right.length && first < 0) return [];
  const told = `change log entry ${differs + 1}: ${found[differs] ?? 'none'}, not ${right[differs] ?? 'none'}`;
  return [`${label}: ${told} (${found.length} entries, not ${right.length})`];
}

/** @param {string} action @param {string} skuId @param {number} before @param {number} after @param {number} cents */
function entry(action, skuId, before, after, cents) {
  return `${action} ${skuId} ${before}→${after} at ${cents}`;
}

/** Rows of one change have one version: the log is read by SKU then. @param {ExpectedOrder} expected */
function bySku({ items }) {
  return [...items].sort((a, b) => Number(a.skuId) - Number(b.skuId));
}
