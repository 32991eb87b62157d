import fc from 'fast-check';
import type { CartItem, CartRow } from '@app/database';

const MAX_BIGINT = 9_223_372_036_854_775_807n;

/** Ids as they come: decimal strings up to 2^63 − 1, often beyond what a number holds. */
export const anyId = fc.bigInt({ min: 1n, max: MAX_BIGINT }).map(String);
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
/** Microseconds since 1970, as Redis stamps them. */
export const anyVersion = fc.integer({ min: 1, max: 4_000_000_000_000_000 }).map(String);
const time = fc.integer({ min: 0, max: 4_000_000_000_000 });

export const anyItem: fc.Arbitrary<CartItem> = fc.record({
  skuId: anyId,
  quantity: fc.nat({ max: 2_147_483_647 }),
  selected: fc.boolean(),
  addPrice: fc.nat({ max: 9_999_999_999 }),
  addedAt: time,
  changedAt: time,
  position: anyId,
  version: anyVersion,
  snapshot: fc.record({ name: text, image: text, spec: text, shopId: anyId, skuCode: text }),
});

export function anyRow(userId: string): fc.Arbitrary<CartRow> {
  return fc
    .tuple(anyItem, fc.boolean())
    .map(([item, deleted]) => ({ ...item, quantity: deleted ? 0 : item.quantity, userId, deleted }));
}
