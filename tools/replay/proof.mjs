import { toCents, toPrice } from './invoices.mjs';
import { canonical } from './stores.mjs';

/**
 * @typedef {import('./stores.mjs').Fact} Fact
 * @typedef {import('./stores.mjs').Meta} Meta
 * @typedef {import('./stores.mjs').LogEntry} LogEntry
 *
 * Everything known about one cart after the drain.
 * @typedef {object} Evidence
 * @property {string} label
 * @property {any} answer body of the last `GET /v1/cart`
 * @property {string} lastVersion of the last accepted add
 * @property {string} startVersion
 * @property {{ meta: Meta | undefined, items: Fact[] }} redis
 * @property {Fact[] | undefined} mysql undefined: a guest, who has no rows
 * @property {LogEntry[]} log
 * @property {import('./oracle.mjs').Expected} expected
 * @property {import('./invoices.mjs').Line[]} lines
 * @property {Map<string, number>} prices live price in cents of every SKU
 */

const TOLD = /** @type {const} */ (['quantity', 'selected', 'addCents', 'addedAt', 'changedAt', 'version', 'snapshot']);

/**
 * Every difference between what the service answered, Redis, MySQL, the change log and the calculation.
 * @param {Evidence} evidence
 * @returns {string[]}
 */
export function prove(evidence) {
  const { label, answer, redis, mysql, expected, prices } = evidence;
  const answered = factsOf(answer);
  const calculated = expected.items.map((item) => ({ ...item, selected: true }));
  return [
    ...compare('answer', answered, 'calculation', calculated, ['quantity', 'selected', 'addCents']),
    ...compareTotals(answer, expected, prices),
    ...compare('Redis', redis.items, 'answer', answered, TOLD),
    ...compareMeta(evidence),
    ...(mysql ? compare('MySQL', withoutOldRemovals(evidence), 'Redis', redis.items, [...TOLD, 'position']) : []),
    ...compareLog(evidence),
  ].map((difference) => `${label}: ${difference}`);
}

/** Rows that were removed before the replay stay in the table; one removed during it has no business there. */
function withoutOldRemovals(/** @type {Evidence} */ { mysql = [], startVersion }) {
  return mysql.filter((fact) => fact.quantity > 0 || BigInt(fact.version ?? 0) > BigInt(startVersion));
}

/** @param {any} cart @returns {Fact[]} */
function factsOf(cart) {
  return cart.items.map((/** @type {any} */ item) => ({
    skuId: item.skuId,
    quantity: item.quantity,
    selected: item.selected,
    addCents: toCents(item.addPrice),
    addedAt: Date.parse(item.addedAt),
    changedAt: Date.parse(item.updatedAt),
    version: item.version,
    snapshot: canonical(item.snapshot),
  }));
}

/**
 * Two lists of the same items: which is missing, which field differs, and whether they stand in the same order.
 * @param {string} place
 * @param {Fact[]} facts
 * @param {string} reference
 * @param {Fact[]} right
 * @param {readonly (keyof Fact)[]} fields
 */
function compare(place, facts, reference, right, fields) {
  const differences = [];
  const found = new Map(facts.map((fact) => [fact.skuId, fact]));
  for (const fact of right) {
    const other = found.get(fact.skuId);
    found.delete(fact.skuId);
    if (!other) differences.push(`SKU ${fact.skuId} is in ${reference}, not in ${place}`);
    for (const field of other ? fields : []) {
      if (other?.[field] === fact[field]) continue;
      differences.push(`SKU ${fact.skuId} ${field}: ${place} ${other?.[field]}, ${reference} ${fact[field]}`);
    }
  }
  for (const skuId of found.keys()) differences.push(`SKU ${skuId} is in ${place}, not in ${reference}`);
  const order = facts.map((fact) => fact.skuId).join();
  if (differences.length === 0 && order !== right.map((fact) => fact.skuId).join()) {
    differences.push(`${place} and ${reference} hold the same items in another order`);
  }
  return differences;
}

/** The sums of the last answer, from the calculated items at the live prices. */
function compareTotals(answer, expected, prices) {
  const skus = expected.items.length;
  const quantity = expected.items.reduce((sum, item) => sum + item.quantity, 0);
  const goods = expected.items.reduce((sum, item) => sum + item.quantity * (prices.get(item.skuId) ?? NaN), 0);
  return listOfDifferences({
    'badge.skus': [answer.badge.skus, skus],
    'badge.quantity': [answer.badge.quantity, quantity],
    'badge.selectedSkus': [answer.badge.selectedSkus, skus],
    'badge.selectedQuantity': [answer.badge.selectedQuantity, quantity],
    'totals.skus': [answer.totals.skus, skus],
    'totals.quantity': [answer.totals.quantity, quantity],
    'totals.goods': [answer.totals.goods, toPrice(goods)],
  });
}

/** @param {Evidence} evidence */
function compareMeta({ answer, lastVersion, redis, expected }) {
  // A guest cart that never took an item needs no storage; an empty cart has no counters to compare.
  if (!redis.meta && expected.items.length === 0) return [];
  const { badge } = answer;
  return listOfDifferences({
    'version of the last answer': [answer.version, lastVersion],
    'version in Redis': [redis.meta?.version, answer.version],
    'skus counted in Redis': [redis.meta?.skus, badge.skus],
    'quantity counted in Redis': [redis.meta?.quantity, badge.quantity],
    'selected SKUs counted in Redis': [redis.meta?.selectedSkus, badge.selectedSkus],
    'selected quantity counted in Redis': [redis.meta?.selectedQuantity, badge.selectedQuantity],
  });
}

/** One row per acknowledged add, in the order they were made. @param {Evidence} evidence */
function compareLog({ log, expected, lines, startVersion }) {
  const found = log.filter((entry) => entry.version > BigInt(startVersion));
  const right = expected.steps.flatMap((step, i) =>
    step.code ? [] : [`add ${lines[i]?.skuId} ${step.before}→${step.after} at ${step.addCents}`],
  );
  const differences = [];
  for (let i = 0; i < Math.max(found.length, right.length); i += 1) {
    const entry = found[i];
    const text = entry && `${entry.action} ${entry.skuId} ${entry.before}→${entry.after} at ${entry.cents}`;
    if (text === right[i]) continue;
    differences.push(`change log entry ${i + 1}: ${text ?? 'none'}, not ${right[i] ?? 'none'}`);
    // One missing entry shifts all that follow: the first difference and the counts tell it all.
    if (found.length !== right.length) {
      differences.push(`change log: ${found.length} entries, not ${right.length}`);
      break;
    }
  }
  return differences;
}

/** @param {Record<string, [found: unknown, right: unknown]>} pairs */
function listOfDifferences(pairs) {
  return Object.entries(pairs)
    .filter(([, [found, right]]) => found !== right)
    .map(([name, [found, right]]) => `${name} is ${String(found)}, not ${String(right)}`);
}
