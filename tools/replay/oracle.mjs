/**
 * What must happen, calculated from the invoices alone: an account of its own that shares no code with the service.
 *
 * @typedef {object} Limits
 * @property {number} maxSkus
 * @property {number} maxQuantity per SKU
 *
 * The answer one call must get. `before` and `after` are the quantity of the SKU in the cart.
 * @typedef {object} Step
 * @property {number} status
 * @property {string} [code] of the refusal
 * @property {number} [maximum]
 * @property {number} [requested]
 * @property {number} before
 * @property {number} after
 * @property {number} [addCents] price at the first accepted add
 * @property {number} skus counters of the cart after the call
 * @property {number} quantity
 *
 * @typedef {{ skuId: string, quantity: number, addCents: number }} Item
 *
 * @typedef {object} Expected
 * @property {Step[]} steps one per line
 * @property {Item[]} items the final cart, most recently added first
 */

/** An add carries a 32-bit quantity; what does not fit is a malformed request, not one over a limit. */
const MAX_ADD = 2 ** 31 - 1;

/**
 * @param {import('./invoices.mjs').CartLines} cart
 * @param {Limits} limits
 * @returns {Expected}
 */
export function expectCart(cart, limits) {
  /** @type {Map<string, Item>} */
  const items = new Map();
  let total = 0;
  const steps = cart.lines.map((line) => {
    const held = items.get(line.skuId);
    const refusal = refuse(line.quantity, held, items.size, limits);
    if (!refusal) {
      if (held) held.quantity += line.quantity;
      else items.set(line.skuId, { skuId: line.skuId, quantity: line.quantity, addCents: line.cents });
      total += line.quantity;
    }
    const after = items.get(line.skuId);
    return {
      ...(refusal ?? { status: 201 }),
      before: (after?.quantity ?? 0) - (refusal ? 0 : line.quantity),
      after: after?.quantity ?? 0,
      addCents: after?.addCents,
      skus: items.size,
      quantity: total,
    };
  });
  return { steps, items: [...items.values()].reverse() };
}

/**
 * The contract's order: malformed, then the SKU's limit, then the size of the cart.
 * @param {number} quantity
 * @param {Item | undefined} held
 * @param {number} size SKUs in the cart
 * @param {Limits} limits
 */
function refuse(quantity, held, size, { maxSkus, maxQuantity }) {
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > MAX_ADD)
    return { status: 400, code: 'VALIDATION_FAILED' };
  const requested = (held?.quantity ?? 0) + quantity;
  if (requested > maxQuantity) return { status: 409, code: 'QUANTITY_LIMIT', maximum: maxQuantity, requested };
  if (!held && size >= maxSkus) return { status: 409, code: 'CART_FULL', maximum: maxSkus };
  return undefined;
}

/**
 * @param {Expected[]} carts
 * @returns {{ accepted: number, refused: Record<string, number>, rows: number, quantity: number, cents: number }}
 */
export function summarise(carts) {
  const steps = carts.flatMap((cart) => cart.steps);
  const items = carts.flatMap((cart) => cart.items);
  /** @type {Record<string, number>} */
  const refused = {};
  for (const { code } of steps) if (code) refused[code] = (refused[code] ?? 0) + 1;
  return {
    accepted: steps.filter((step) => !step.code).length,
    refused,
    rows: items.length,
    quantity: items.reduce((sum, item) => sum + item.quantity, 0),
    cents: items.reduce((sum, item) => sum + item.quantity * item.addCents, 0),
  };
}
