/**
 * Mutants of checkout: one order per request, one sale per item, one step of an order on the cart.
 * @type {import('./list.mjs').Mutant[]}
 */
export const CHECKOUT_MUTANTS = [
  {
    name: 'an order is made by no request that was answered otherwise',
    file: 'libs/checkout/src/order.writer.ts',
    from: '        deadline.assertOpen();\n',
    to: '',
    spec: 'test/integration/order.writer.int-spec.ts',
  },
  {
    name: 'an order is priced by the clock of its transaction',
    file: 'libs/checkout/src/quotes.ts',
    from: 'const now = await this.promotions.now(query);',
    to: 'const now = Date.now();',
    spec: 'test/integration/order.writer.int-spec.ts',
  },
  {
    name: 'an order whose time is over counts against no purchase limit',
    file: 'libs/checkout/src/order.limits.ts',
    from: '  AND o.expires_at > UTC_TIMESTAMP(3)`',
    to: '  AND o.expires_at IS NOT NULL`',
    spec: 'test/integration/order.writer.int-spec.ts',
  },
  {
    name: 'a quote is of one quantity of each item',
    file: 'libs/checkout/src/consent.ts',
    from: '`${skuId} ${quantity}`);\n}',
    to: 'skuId + (quantity ? "" : ""));\n}',
    spec: 'libs/checkout/src/consent.spec.ts',
    project: 'unit',
  },
  {
    name: 'an attempt whose request was taken over commits no order',
    file: 'libs/checkout/src/checkout.table.ts',
    from: "AND token = ? AND state = 'running'`",
    to: "AND ? <> '' AND state = 'running'`",
    spec: 'test/integration/order.writer.int-spec.ts',
  },
  {
    name: 'an attempt whose request was taken over answers what the other came to',
    file: 'libs/checkout/src/checkout.ts',
    from: 'if (!other) throw error;',
    to: 'if (!other || error) throw error;',
    spec: 'test/integration/order.writer.int-spec.ts',
  },
  {
    name: 'an order that the cart did not know of starts a checkout anew',
    file: 'libs/checkout/src/order.writer.ts',
    from: 'if (latest !== request.afterOrder || isOwed)',
    to: 'if (isOwed && latest)',
    spec: 'test/integration/order.writer.int-spec.ts',
  },
  {
    name: 'an item of a cart is sold once',
    file: 'libs/database/src/migrations/1764100000000-promotions-and-orders.ts',
    from: '  UNIQUE KEY uk_user_sku_version',
    to: '  KEY uk_user_sku_version',
    spec: 'test/integration/order.writer.int-spec.ts',
  },
  {
    name: 'what was removed and added again is not what was ordered',
    file: 'libs/cart/src/lua/take-ordered-7.lua',
    from: 'was.position == position',
    to: 'was.position',
    spec: 'test/integration/ordered-items.store.int-spec.ts',
  },
  {
    name: 'no undo brings back what was sold',
    file: 'libs/cart/src/lua/take-ordered-7.lua',
    from: 'if owed > 0 then',
    to: 'if owed < 0 then',
    spec: 'test/integration/ordered-items.store.int-spec.ts',
  },
  {
    name: 'what MySQL knows was taken is not taken again',
    file: 'libs/checkout/src/order.table.ts',
    from: "IF(cart_state = 'taken', 'restore', 'return')",
    to: "'return'",
    spec: 'test/integration/orders-in-cart.int-spec.ts',
  },
  {
    name: 'of what was taken MySQL’s copy counts, not an old file of Redis',
    file: 'libs/checkout/src/orders-in-cart.ts',
    from: 'await this.sync.sync(userId);\n    await this.store.take',
    to: 'await this.store.take',
    spec: 'test/integration/orders-in-cart.int-spec.ts',
  },
  {
    name: 'ordered items come back once',
    file: 'libs/cart/src/lua/return-ordered-7.lua',
    from: 'if recorded then',
    to: 'if recorded == 0 then',
    spec: 'test/integration/ordered-items.store.int-spec.ts',
  },
];
