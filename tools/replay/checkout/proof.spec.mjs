import { describe, expect, it } from 'vitest';
import { expectOrder } from './oracle.mjs';
import { guestLog, proveEmpty, proveLog, proveMerged, proveOrders, proveStock, userLog } from './proof.mjs';

const LINES = [
  { number: 2, invoice: '5', skuId: '8', quantity: 1, cents: 1_000 },
  { number: 3, invoice: '5', skuId: '7', quantity: 2, cents: 255 },
  { number: 4, invoice: '5', skuId: '7', quantity: -1, cents: 255 },
];

/** @param {'user' | 'guest'} kind @param {string | undefined} orderId @param {typeof LINES} lines */
function visit(kind, orderId, lines) {
  const invoice = { number: '5', kind, name: '42', buyer: '42', lines };
  return { invoice, expected: expectOrder(invoice, { maxSkus: 10, maxQuantity: 99 }), orderId };
}

const made = (/** @type {'user' | 'guest'} */ kind) => visit(kind, '31', LINES);

/** @returns {import('./order-eye.mjs').StoredOrder} as the tables must hold it */
function stored() {
  const item = (/** @type {string} */ skuId, /** @type {number} */ quantity, /** @type {number} */ price) => ({
    skuId,
    userId: '42',
    quantity,
    price,
    goods: quantity * price,
    discounts: 0,
    payable: quantity * price,
  });
  const items = [item('7', 2, 255), item('8', 1, 1_000)];
  return {
    orderId: '31',
    userId: '42',
    status: 'paid',
    cartState: 'none',
    goods: 1_510,
    discounts: 0,
    payable: 1_510,
    items,
  };
}

describe('proveOrders', () => {
  it('finds nothing when every invoice is one order', () => {
    expect(proveOrders([made('user')], [stored()])).toEqual([]);
    expect(proveOrders([visit('user', undefined, [])], [])).toEqual([]);
  });

  it.each([
    ['a cent in the total', (/** @type {any} */ o) => (o.payable += 1)],
    ['a cent in an item', (/** @type {any} */ o) => (o.items[0].payable -= 1)],
    ['the price of a unit', (/** @type {any} */ o) => (o.items[0].price = 254)],
    ['a discount', (/** @type {any} */ o) => (o.items[1].discounts = 1)],
    ['an item that is missing', (/** @type {any} */ o) => o.items.pop()],
    ['an item twice', (/** @type {any} */ o) => o.items.push({ ...o.items[0], quantity: 1 })],
    ['another user', (/** @type {any} */ o) => (o.userId = '43')],
    ['another state', (/** @type {any} */ o) => (o.status = 'expired')],
    ['items still owed by the cart', (/** @type {any} */ o) => (o.cartState = 'take')],
  ])('sees %s', (_, spoil) => {
    const order = stored();
    spoil(order);
    expect(proveOrders([made('user')], [order])).not.toEqual([]);
  });

  it('sees an order that is missing, made twice, or of nothing', () => {
    expect(proveOrders([made('user')], [])).not.toEqual([]);
    const twice = [stored(), { ...stored(), orderId: '32' }];
    expect(proveOrders([made('user')], twice)).toEqual(['order 32 of user 42 has no invoice']);
    expect(proveOrders([visit('user', undefined, [])], [stored()])).toEqual(['order 31 of user 42 has no invoice']);
  });
});

describe('proveStock', () => {
  const before = new Map([
    ['7', 100],
    ['8', 100],
    ['9', 100],
  ]);

  it('wants exactly what was ordered to be gone', () => {
    const orders = [made('user').expected, made('guest').expected];
    expect(proveStock(orders, before, new Map([...before, ['7', 96], ['8', 98]]))).toEqual([]);
    expect(proveStock(orders, before, new Map([...before, ['7', 96], ['8', 99]]))).toEqual([
      'stock of SKU 8 fell by 1, not 2',
    ]);
    expect(proveStock([], before, new Map([...before, ['9', 99]]))).toEqual(['stock of SKU 9 fell by 1, not 0']);
  });
});

describe('proveEmpty', () => {
  const meta = { version: '5', skus: 0, quantity: 0, selectedSkus: 0, selectedQuantity: 0 };
  const fact = (/** @type {string} */ skuId, /** @type {number} */ quantity) => ({
    skuId,
    quantity,
    selected: true,
    addCents: 1,
  });
  const empty = { label: 'user 42', redis: { meta, items: [] }, mysql: [fact('7', 0)], skuIds: new Set(['7']) };

  it('finds nothing in a cart that is empty everywhere', () => {
    expect(proveEmpty(empty)).toEqual([]);
    expect(proveEmpty({ ...empty, redis: { meta: undefined, items: [] } })).toEqual([]);
  });

  it.each([
    ['Redis', { redis: { meta, items: [fact('7', 1)] } }],
    ['the counters', { redis: { meta: { ...meta, selectedQuantity: 1 }, items: [] } }],
    ['MySQL', { mysql: [fact('7', 1)] }],
    ['a row that never came', { mysql: [] }],
  ])('sees what is left: %s', (_, left) => {
    expect(proveEmpty({ ...empty, ...left })).toHaveLength(1);
  });

  it("wants a guest's cart merged into the buyer's, and an empty one left open", () => {
    expect(proveMerged('guest 5', made('guest'), 'merged 42')).toEqual([]);
    expect(proveMerged('guest 5', made('guest'), 'frozen 42 1')).toHaveLength(1);
    expect(proveMerged('guest 5', visit('guest', undefined, []), undefined)).toEqual([]);
  });
});

describe('proveLog', () => {
  /** @param {readonly string[]} texts */
  const log = (texts, firstVersion = 10n) =>
    texts.map((text, i) => {
      const [, action, skuId, before, after, cents] = /** @type {RegExpExecArray} */ (
        /^(\w+) (\d+) (\d+)→(\d+) at (\d+)$/.exec(text)
      );
      const version = firstVersion + BigInt(i);
      return {
        version,
        action: String(action),
        skuId: String(skuId),
        before: Number(before),
        after: Number(after),
        cents: Number(cents),
      };
    });

  it('wants each add and each ordered item once, in order', () => {
    const right = ['add 8 0→1 at 1000', 'add 7 0→2 at 255', 'order 7 2→0 at 255', 'order 8 1→0 at 1000'];
    expect(userLog([made('user')])).toEqual(right);
    expect(proveLog('user 42', log(right), '9', right)).toEqual([]);
    expect(proveLog('user 42', [...log(['add 1 0→1 at 1'], 9n), ...log(right)], '9', right)).toEqual([]);
    expect(proveLog('user 42', log(right.slice(0, 3)), '9', right)).toEqual([
      'user 42: change log entry 4: none, not order 8 1→0 at 1000 (3 entries, not 4)',
    ]);
    expect(proveLog('user 42', log([...right, right[3] ?? '']), '9', right)[0]).toMatch(
      /entry 5: order 8 .*, not none/,
    );
  });

  it('follows a guest into the cart of the user', () => {
    expect(guestLog(made('guest')).slice(2)).toEqual(['merge 7 2→0 at 255', 'merge 8 1→0 at 1000']);
    expect(userLog([made('guest')])).toEqual([
      'merge 7 0→2 at 255',
      'merge 8 0→1 at 1000',
      'order 7 2→0 at 255',
      'order 8 1→0 at 1000',
    ]);
  });
});
