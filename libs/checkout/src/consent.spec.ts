import { describe, expect, it } from 'vitest';
import { Content, isOfItems, quoteOf } from './consent.js';

const CONTENT: Content = {
  items: [
    { skuId: '9', quantity: 1 },
    { skuId: '10', quantity: 2 },
  ],
  gifts: [
    { promotionId: 'b', skuId: '9', quantity: 1 },
    { promotionId: 'a', skuId: '7', quantity: 2 },
  ],
  couponIds: ['y', 'x'],
};

describe('a quote', () => {
  it('A6: is the same in whatever order its parts come', () => {
    const reversed = {
      items: [...CONTENT.items].reverse(),
      gifts: [...CONTENT.gifts].reverse(),
      couponIds: [...CONTENT.couponIds].reverse(),
    };
    expect(quoteOf(reversed)).toBe(quoteOf(CONTENT));
    expect(quoteOf(CONTENT)).toMatch(/^[\w-]{44}$/);
  });

  it.each<[string, Partial<Content>]>([
    ['another quantity', { items: [{ skuId: '9', quantity: 2 }, CONTENT.items[1]!] }],
    ['an item less', { items: [CONTENT.items[0]!] }],
    ['an item more', { items: [...CONTENT.items, { skuId: '8', quantity: 1 }] }],
    ['another item', { items: [{ skuId: '91', quantity: 1 }, CONTENT.items[1]!] }],
    ['fewer of a gift', { gifts: [CONTENT.gifts[0]!, { promotionId: 'a', skuId: '7', quantity: 1 }] }],
    ['a gift less', { gifts: [CONTENT.gifts[0]!] }],
    ['a gift of another promotion', { gifts: [CONTENT.gifts[0]!, { promotionId: 'c', skuId: '7', quantity: 2 }] }],
    ['no gift', { gifts: [] }],
    ['a coupon less', { couponIds: ['x'] }],
    ['another coupon', { couponIds: ['x', 'z'] }],
    ['two coupons whose names run together as one', { couponIds: ['xy'] }],
  ])('A6: is another one with %s', (_, other) => {
    expect(quoteOf({ ...CONTENT, ...other })).not.toBe(quoteOf(CONTENT));
  });

  it('A9: tells its items from others, whatever gifts and coupons there are', () => {
    const quote = quoteOf(CONTENT);
    expect(isOfItems(quote, [...CONTENT.items].reverse())).toBe(true);
    expect(isOfItems(quoteOf({ ...CONTENT, gifts: [], couponIds: [] }), CONTENT.items)).toBe(true);
    expect(isOfItems(quote, CONTENT.items.slice(1))).toBe(false);
    expect(isOfItems('anything else', CONTENT.items)).toBe(false);
  });
});
