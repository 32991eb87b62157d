/**
 * Mutants of checkout: one order per request, one sale per item, one step of an order on the cart.
 * @type {import('./list.mjs').Mutant[]}
 */
export const CHECKOUT_MUTANTS = [
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
