import { describe, expect, it } from 'vitest';
import { judgeMerge, judgeOrder, judgePreview, judgeRepeat, judgeRise } from './judge.mjs';
import { expectOrder } from './oracle.mjs';

const LINES = [
  { number: 2, invoice: '1', skuId: '7', quantity: 2, cents: 255 },
  { number: 3, invoice: '1', skuId: '8', quantity: 1, cents: 1_000 },
];
const LIMITS = { maxSkus: 10, maxQuantity: 99 };
const ORDER = expectOrder({ number: '1', kind: 'user', name: '42', buyer: '42', lines: LINES }, LIMITS);
const NOTHING = expectOrder({ number: '1', kind: 'user', name: '42', buyer: '42', lines: [] }, LIMITS);

const NONE = { promotionDiscount: '0.00', couponDiscount: '0.00' };
const item = (
  /** @type {string} */ skuId,
  /** @type {number} */ quantity,
  /** @type {string} */ price,
  /** @type {string} */ goods,
) => ({ skuId, quantity, price, goods, ...NONE, payable: goods });

/** @returns {any} the order as the service must tell it */
function order() {
  return {
    orderId: '1',
    status: 'pending',
    items: [item('7', 2, '2.55', '5.10'), item('8', 1, '10.00', '10.00')],
    gifts: [],
    couponIds: [],
    totals: { skus: 2, quantity: 3, goods: '15.10', ...NONE, payable: '15.10', gifts: [] },
  };
}

/** @param {number} status @param {any} body @param {boolean} [replayed] */
const answer = (status, body, replayed = false) => ({ status, body, replayed, clientCartId: null, retryAfterMs: 0 });
const MADE = { status: 201, state: 'pending' };

describe('judgeOrder', () => {
  it('finds nothing in an order that is right', () => {
    expect(judgeOrder(ORDER, answer(201, order()), MADE)).toEqual([]);
  });

  it.each([
    ['a total a cent too high', (/** @type {any} */ o) => (o.totals.payable = '15.11'), /payable is 15.11, not 15.10/],
    [
      'goods a cent too low',
      (/** @type {any} */ o) => (o.items[0].goods = '5.09'),
      /SKU 7 is 2 for 5.09 .* not 2 for 5.10/,
    ],
    ['another price', (/** @type {any} */ o) => (o.items[1].price = '10.01'), /SKU 8 price is 10.01, not 10.00/],
    [
      'a discount nobody gave',
      (/** @type {any} */ o) => (o.items[1].couponDiscount = '0.01'),
      /SKU 8 is 1 for 10.00 - 0.00 - 0.01/,
    ],
    ['one piece too many', (/** @type {any} */ o) => (o.items[0].quantity = 3), /SKU 7 is 3 for/],
    [
      'an item too many',
      (/** @type {any} */ o) => o.items.push(item('9', 1, '0.00', '0.00')),
      /SKU 9 is .*, not undefined/,
    ],
    ['an item too few', (/** @type {any} */ o) => o.items.pop(), /SKU 8 is undefined, not 1 for/],
    ['a gift', (/** @type {any} */ o) => o.gifts.push({}), /gifts is 1, not 0/],
    ['another state', (/** @type {any} */ o) => (o.status = 'paid'), /state is paid, not pending/],
  ])('sees %s', (_, spoil, said) => {
    const spoiled = order();
    spoil(spoiled);
    expect(judgeOrder(ORDER, answer(201, spoiled), MADE).join('\n')).toMatch(said);
  });

  it('sees a refusal, and an order of nothing', () => {
    expect(judgeOrder(ORDER, answer(409, { code: 'PRICE_CHANGED' }), MADE)).toEqual([
      'order: status is 409 PRICE_CHANGED, not 201',
    ]);
    expect(judgeOrder(NOTHING, answer(409, { code: 'NOTHING_SELECTED' }), MADE)).toEqual([]);
    expect(judgeOrder(NOTHING, answer(201, order()), MADE)).toEqual([
      'checkout: answer is 201, not 409 NOTHING_SELECTED',
    ]);
  });
});

describe('judgePreview', () => {
  it('wants the totals of the order and nothing in the way', () => {
    expect(judgePreview(ORDER, answer(200, { ...order(), requirements: [] }))).toEqual([]);
    const blocked = { ...order(), requirements: [{ code: 'INSUFFICIENT_STOCK' }] };
    expect(judgePreview(ORDER, answer(200, blocked))).toEqual(['preview: requirements is INSUFFICIENT_STOCK, not ']);
  });

  it('wants to be told that there is nothing to order', () => {
    const totals = { skus: 0, quantity: 0, goods: '0.00', ...NONE, payable: '0.00' };
    const empty = { totals, items: [], gifts: [], couponIds: [], requirements: [{ code: 'NOTHING_SELECTED' }] };
    expect(judgePreview(NOTHING, answer(200, empty))).toEqual([]);
    expect(judgePreview(NOTHING, answer(200, { ...empty, requirements: [] }))).toHaveLength(1);
  });
});

describe('the other answers', () => {
  it('a merge brings everything, whole', () => {
    const items = [
      { skuId: '7', outcome: 'added', quantity: 2, requested: 2 },
      { skuId: '8', outcome: 'added', quantity: 1, requested: 1 },
    ];
    expect(judgeMerge(ORDER, answer(200, { merge: { persisted: true, items } }))).toEqual([]);
    expect(judgeMerge(ORDER, answer(200, { merge: { persisted: true, items: items.slice(1) } }))).toHaveLength(1);
    const clipped = [{ ...items[0], outcome: 'clipped', quantity: 1 }, items[1]];
    expect(judgeMerge(ORDER, answer(200, { merge: { persisted: true, items: clipped } }))).toEqual([
      'merge: SKU 7 is clipped 1 of 2, not added 2 of 2',
    ]);
  });

  it('a repeat is the first answer, and says so', () => {
    const first = answer(201, order());
    expect(judgeRepeat(first, answer(201, order(), true))).toEqual([]);
    expect(judgeRepeat(first, answer(201, order()))).toEqual(['repeat: replayed is false, not true']);
    expect(judgeRepeat(first, answer(201, { ...order(), orderId: '2' }, true))).toHaveLength(1);
  });

  it('a repeated refusal is the first one beside cart and preview as they are now', () => {
    const refused = answer(409, { code: 'NOTHING_SELECTED' });
    expect(judgeRepeat(refused, answer(409, { cart: {}, preview: {}, code: 'NOTHING_SELECTED' }, true))).toEqual([]);
    expect(judgeRepeat(refused, answer(409, { cart: {}, code: 'CART_CHANGED' }, true))).toHaveLength(1);
  });

  it('a cent too little is refused with both amounts', () => {
    const errors = [{ code: 'PRICE_CHANGED', expectedPayable: '15.09', payable: '15.10' }];
    expect(judgeRise(ORDER, answer(409, { code: 'PRICE_CHANGED', errors }))).toEqual([]);
    expect(judgeRise(ORDER, answer(201, order()))[0]).toBe('a cent too little: answer is 201, not 409 PRICE_CHANGED');
  });
});
