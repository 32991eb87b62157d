import 'reflect-metadata';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromCents, toIso } from '@app/database';
import { anyId, anyItem } from '../../../test/support/arbitraries.js';
import { toCartJson } from './cart.json.js';
import { CartDto, CartItemDto } from './dto/cart.dto.js';

const money = fc.nat({ max: 9_999_999_999 }).map(fromCents);
const count = fc.nat();
const text = fc.string({ unit: 'binary', maxLength: 20 });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });

/** Every field has its arbitrary, so that a new one cannot be forgotten here. */
const anyItemDto: fc.Arbitrary<CartItemDto> = anyItem.chain((item) =>
  fc.record({
    skuId: fc.constant(item.skuId),
    skuCode: text,
    spuId: maybe(anyId),
    shopId: fc.oneof(anyId, text),
    quantity: fc.constant(item.quantity),
    selected: fc.boolean(),
    addPrice: money,
    price: maybe(money),
    priceChange: maybe(fc.record({ direction: fc.constantFrom('up', 'down'), amount: money })),
    stock: fc.record({ state: fc.constantFrom('in_stock', 'low', 'out'), available: count }),
    limits: fc.record({ maximum: count }),
    valid: fc.boolean(),
    invalidReason: maybe(fc.constantFrom('OFF_SHELF', 'OUT_OF_STOCK', 'SKU_GONE')),
    problems: fc.array(fc.record({ code: fc.constantFrom('INSUFFICIENT_STOCK', 'QUANTITY_LIMIT'), available: count }), {
      maxLength: 2,
    }),
    snapshot: fc.record({ name: text, image: text, spec: text, shopId: text, skuCode: text }),
    addedAt: fc.constant(toIso(item.addedAt)),
    updatedAt: fc.constant(toIso(item.changedAt)),
    version: fc.constant(item.version),
  }),
);

const anyCart: fc.Arbitrary<CartDto> = fc.record({
  owner: fc.constantFrom({ kind: 'user', id: '42' }, { kind: 'guest' }),
  version: anyId,
  currency: fc.constant('CNY'),
  stale: fc.boolean(),
  badge: fc.record({ skus: count, quantity: count, selectedSkus: count, selectedQuantity: count }),
  items: fc.array(anyItemDto, { maxLength: 4 }),
  groups: fc.array(
    fc.record({
      kind: fc.constantFrom('shop', 'promotion'),
      id: anyId,
      name: text,
      selection: fc.constantFrom('all', 'some', 'none'),
      skuIds: fc.array(anyId, { maxLength: 3 }),
      promotions: fc.constant([]),
    }),
    { maxLength: 3 },
  ),
  invalidItems: fc.array(anyId, { maxLength: 3 }),
  totals: fc.record({
    skus: count,
    quantity: count,
    goods: money,
    promotionDiscount: money,
    couponDiscount: money,
    payable: money,
    gifts: fc.array(fc.record({ promotionId: text, skuId: anyId, quantity: count }), { maxLength: 2 }),
  }),
  limits: fc.record({ maxSkus: count, maxQuantityPerSku: count }),
  warnings: fc.constant([]),
});

describe(toCartJson.name, () => {
  it('writes what JSON.stringify writes, also of what an answer has beside the cart', () => {
    const more = fc.option(fc.record({ results: fc.array(fc.record({ skuId: anyId })), merge: maybe(text) }), {
      nil: {},
    });
    fc.assert(
      fc.property(anyCart, more, (cart, extra) => {
        const answer = { ...cart, ...extra };
        expect(toCartJson(answer)).toBe(JSON.stringify(answer));
      }),
    );
  });

  it('leaves out what is undefined, and takes the counters alone', () => {
    const [cart] = fc.sample(anyCart, { numRuns: 1, seed: 1 });
    const answer = { ...cart!, results: undefined };
    expect(toCartJson(answer)).toBe(JSON.stringify(answer));
    const minimal = { version: '7', badge: cart!.badge };
    expect(toCartJson(minimal)).toBe(JSON.stringify(minimal));
  });
});
