import { toPrice } from './invoices.mjs';

/**
 * How the answer to an add differs from the one that must come; empty when it does not.
 * @param {import('./invoices.mjs').Line} line
 * @param {import('./oracle.mjs').Step} step
 * @param {import('./client.mjs').Answer} answer
 * @returns {string[]}
 */
export function judge(line, step, { status, body }) {
  const expected = step.code ? refusal(step) : acceptance(line, step);
  const found = step.code ? foundRefusal(step, status, body) : foundAcceptance(line, status, body);
  // An answer of another kind has none of the fields: saying so once is enough.
  const names = expected.status === found.status ? Object.keys(expected) : ['status'];
  return names
    .filter((name) => expected[name] !== found[name])
    .map((name) => `${name} is ${String(found[name])}, not ${String(expected[name])}`);
}

/** @param {import('./oracle.mjs').Step} step @returns {Record<string, unknown>} */
function refusal({ status, code, maximum, requested }) {
  return { status, code, maximum, requested };
}

/** @param {import('./oracle.mjs').Step} step @param {number} status @param {any} body @returns {Record<string, unknown>} */
function foundRefusal(step, status, body) {
  const numbers = body?.errors?.[0] ?? {};
  return {
    status,
    code: body?.code,
    maximum: step.maximum === undefined ? undefined : numbers.maximum,
    requested: step.requested === undefined ? undefined : numbers.requested,
  };
}

/**
 * @param {import('./invoices.mjs').Line} line
 * @param {import('./oracle.mjs').Step} step
 * @returns {Record<string, unknown>}
 */
function acceptance(line, step) {
  return {
    status: 201,
    quantity: step.after,
    selected: true,
    addPrice: toPrice(step.addCents ?? 0),
    price: toPrice(line.cents),
    'badge.skus': step.skus,
    'badge.quantity': step.quantity,
    'badge.selectedSkus': step.skus,
    'badge.selectedQuantity': step.quantity,
  };
}

/** @param {import('./invoices.mjs').Line} line @param {number} status @param {any} body @returns {Record<string, unknown>} */
function foundAcceptance({ skuId }, status, body) {
  const item = body?.items?.find((/** @type {any} */ { skuId: id }) => id === skuId) ?? {};
  return {
    status: body?.code ? `${status} ${body.code}` : status,
    quantity: item.quantity,
    selected: item.selected,
    addPrice: item.addPrice,
    price: item.price,
    'badge.skus': body?.badge?.skus,
    'badge.quantity': body?.badge?.quantity,
    'badge.selectedSkus': body?.badge?.selectedSkus,
    'badge.selectedQuantity': body?.badge?.selectedQuantity,
  };
}
