import { describe, expect, it } from 'vitest';
import { readCarts, toCents, toPrice } from './invoices.mjs';
import { expectCart, summarise } from './oracle.mjs';

/** Counted a second time by a script in another language when the sample was taken over. */
const REFUSED = { VALIDATION_FAILED: 82, QUANTITY_LIMIT: 100, CART_FULL: 1023 };
const LIMITS = { maxSkus: 120, maxQuantity: 99 };
/** @param {[skuId: string, quantity: number, cents: number][]} lines @returns {import('./invoices.mjs').CartLines} */
const cartOf = (...lines) => ({
  kind: 'user',
  name: '1',
  lines: lines.map(([skuId, quantity, cents], i) => ({ number: i + 2, invoice: '1', skuId, quantity, cents })),
});

describe('expectCart', () => {
  it('adds up repeat adds, keeps the price of the first and shows the newest item first', () => {
    const { items, steps } = expectCart(cartOf(['1', 2, 255], ['2', 1, 100], ['1', 3, 235]), LIMITS);
    expect(items).toEqual([
      { skuId: '2', quantity: 1, addCents: 100 },
      { skuId: '1', quantity: 5, addCents: 255 },
    ]);
    expect(steps[2]).toEqual({ status: 201, before: 2, after: 5, addCents: 255, skus: 2, quantity: 6 });
  });

  it.each([-1, 0, 1.5, 2 ** 31])('expects %d to be refused as malformed, whatever the cart holds', (quantity) => {
    const { items, steps } = expectCart(cartOf(['1', 99, 100], ['1', quantity, 100]), LIMITS);
    expect(steps[1]).toMatchObject({ status: 400, code: 'VALIDATION_FAILED', before: 99, after: 99 });
    expect(items).toEqual([{ skuId: '1', quantity: 99, addCents: 100 }]);
  });

  it('expects a sum over the limit to be refused with both numbers, and the rest to go on', () => {
    const { steps } = expectCart(cartOf(['1', 60, 100], ['1', 40, 100], ['1', 39, 100]), LIMITS);
    expect(steps[1]).toMatchObject({ status: 409, code: 'QUANTITY_LIMIT', maximum: 99, requested: 100, after: 60 });
    expect(steps[2]).toMatchObject({ status: 201, before: 60, after: 99 });
  });

  it('takes the add price from the first add that was accepted', () => {
    const { items } = expectCart(cartOf(['1', 100, 500], ['1', 1, 450]), LIMITS);
    expect(items).toEqual([{ skuId: '1', quantity: 1, addCents: 450 }]);
  });

  it('expects a full cart to refuse a new SKU and to take more of an old one', () => {
    const { steps } = expectCart(cartOf(['1', 1, 1], ['2', 1, 1], ['3', 1, 1], ['1', 1, 1]), {
      maxSkus: 2,
      maxQuantity: 99,
    });
    expect(steps[2]).toMatchObject({ status: 409, code: 'CART_FULL', maximum: 2, after: 0, skus: 2 });
    expect(steps[3]).toMatchObject({ status: 201, after: 2 });
  });

  it('names the quantity before the size when both would refuse', () => {
    const { steps } = expectCart(cartOf(['1', 1, 1], ['2', 100, 1]), { maxSkus: 1, maxQuantity: 99 });
    expect(steps[1]).toMatchObject({ code: 'QUANTITY_LIMIT' });
  });
});

describe('readCarts', () => {
  const carts = readCarts();
  const lines = carts.flatMap((cart) => cart.lines);

  it('reads 6,000 lines of 332 invoices into 222 users and 28 guests', () => {
    expect(lines).toHaveLength(6000);
    expect(new Set(lines.map((line) => line.invoice)).size).toBe(332);
    expect(carts.filter((cart) => cart.kind === 'user')).toHaveLength(222);
    expect(carts.filter((cart) => cart.kind === 'guest')).toHaveLength(28);
  });

  it('gives the 1,690 articles the ids of the catalogue', () => {
    expect(new Set(lines.map((line) => line.skuId)).size).toBe(1690);
    expect(carts[0]).toMatchObject({ kind: 'user', name: '17850' });
    expect(carts[0]?.lines[0]).toEqual({ number: 2, invoice: '536365', skuId: '100001', quantity: 6, cents: 255 });
  });

  it('finds the 76 sums over 99 and the 4 invoices over 120 articles', () => {
    /** @type {Map<string, Map<string, number>>} */
    const invoices = new Map();
    for (const { invoice, skuId, quantity } of lines) {
      const sums = invoices.get(invoice) ?? new Map();
      invoices.set(invoice, sums.set(skuId, (sums.get(skuId) ?? 0) + quantity));
    }
    const all = [...invoices.values()];
    expect(all.flatMap((sums) => [...sums.values()]).filter((sum) => sum > 99)).toHaveLength(76);
    expect(all.filter((sums) => sums.size > 120)).toHaveLength(4);
  });

  it('keeps the ids of a part of the file and moves its users by an offset', () => {
    const part = readCarts({ limit: 10, userOffset: 1_000_000 });
    expect(part.flatMap((cart) => cart.lines)).toEqual(lines.filter((line) => line.number <= 11));
    expect(part.map((cart) => cart.name)).toEqual(['1017850', '1013047']);
  });
});

describe('the whole sample', () => {
  it('loses nothing between the calls and the final carts', () => {
    const carts = readCarts().map((cart) => expectCart(cart, { maxSkus: 1e6, maxQuantity: 1e9 }));
    const sum = summarise(carts);
    const valid = readCarts().flatMap((cart) => cart.lines.filter((line) => line.quantity > 0));
    expect(sum.refused).toEqual({ VALIDATION_FAILED: 82 });
    expect(sum.accepted).toBe(5918);
    expect(sum.quantity).toBe(valid.reduce((total, line) => total + line.quantity, 0));
  });

  it('is refused where the default limits say so', () => {
    const sum = summarise(readCarts().map((cart) => expectCart(cart, LIMITS)));
    expect(sum).toMatchObject({ refused: REFUSED, accepted: 4795, rows: 4345, quantity: 39_279 });
  });
});

describe('toCents', () => {
  it.each([
    ['607.49', 60749],
    ['2.1', 210],
    ['0.0', 0],
    ['8', 800],
  ])('reads %s', (price, cents) => {
    expect(toCents(price)).toBe(cents);
    expect(toCents(toPrice(cents))).toBe(cents);
  });

  it.each(['1.005', '-1', ''])('refuses %j', (price) => {
    expect(() => toCents(price)).toThrow(/not a price/);
  });
});
