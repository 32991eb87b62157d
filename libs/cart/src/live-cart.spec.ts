import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatItem } from '@app/database';
import { anyItem } from '../../../test/support/arbitraries.js';
import { countItems, latestFirst, parseCart } from './live-cart.js';

function someItem(): string[] {
  const [item] = fc.sample(anyItem, { numRuns: 1, seed: 3 });
  return [item!.skuId, formatItem(item!)];
}

describe(parseCart.name, () => {
  it('does not take a user without the meta field for an empty cart', () => {
    expect(parseCart('user', [])).toBeUndefined();
    expect(parseCart('user', ['_', '7 0 0 0 0 0 1'])).toBeUndefined();
  });

  it('takes a merged guest cart for an empty one, whose version does not fall', () => {
    const fields = ['_', '7 2 1 2 1 2 1', '@', 'frozen 42 1 sum keep', ...someItem()];
    expect(parseCart('guest', fields)).toMatchObject({ version: '7', items: [], badge: { skus: 0 } });
  });

  it('leaves out what nobody can read, and counts the rest', () => {
    const good = someItem();
    const fields = ['_', '7 1 3 9 3 9 1', 'x', 'foreign', ...good, '8', '1 1 1 1 1 1 1 {', '9', '1 1 1 1 1 1 1 null'];
    const cart = parseCart('user', fields)!;
    expect(cart.items.map(({ skuId }) => skuId)).toEqual([good[0]]);
    expect(cart).toMatchObject({ version: '7', badge: countItems(cart.items), unreadable: ['x', '8', '9'] });
  });

  it('takes a user’s meta field that nobody can read for none', () => {
    expect(parseCart('user', ['_', 'foreign', ...someItem()])).toBeUndefined();
  });

  it('takes a guest without a hash for an empty cart of version 0', () => {
    expect(parseCart('guest', [])).toMatchObject({ version: '0', items: [], badge: { skus: 0 } });
  });

  it('takes none of a quantity for no item', () => {
    const good = fc.sample(anyItem, { numRuns: 1, seed: 3 })[0]!;
    const fields = ['_', '7 1 1 2 1 2 1', good.skuId, formatItem({ ...good, quantity: 0 })];
    expect(parseCart('user', fields)).toMatchObject({ items: [], badge: { skus: 0 }, unreadable: [good.skuId] });
  });

  it('orders items by position, the latest first, also beyond 2^53', () => {
    const present = anyItem.filter((item) => item.quantity > 0);
    fc.assert(
      fc.property(fc.uniqueArray(present, { selector: (item) => item.skuId, maxLength: 8 }), (items) => {
        const fields = ['_', '7 1 1 2 3 4 1', ...items.flatMap((item) => [item.skuId, formatItem(item)])];
        const cart = parseCart('user', fields)!;
        expect(cart.version).toBe('7');
        expect(cart.badge).toEqual({ skus: 1, quantity: 2, selectedSkus: 3, selectedQuantity: 4 });
        const byValue = [...items].sort((a, b) => (BigInt(b.position) > BigInt(a.position) ? 1 : -1));
        expect(cart.items.map((item) => item.position)).toEqual(byValue.map((item) => item.position));
      }),
    );
  });
});

describe(countItems.name, () => {
  it('counts SKUs and quantities, and those selected', () => {
    const [item] = fc.sample(anyItem, { numRuns: 1, seed: 3 });
    const items = [
      { ...item!, quantity: 3, selected: true },
      { ...item!, quantity: 4, selected: false },
    ];
    expect(countItems(items)).toEqual({ skus: 2, quantity: 7, selectedSkus: 1, selectedQuantity: 3 });
    expect(latestFirst(items[0]!, items[1]!)).toBe(0);
  });
});
