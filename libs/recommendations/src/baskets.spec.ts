import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Baskets, MAX_BASKET, MAX_COMPANIONS } from './baskets.js';

function learn(orders: readonly (readonly string[])[], maxPairs?: number) {
  const baskets = new Baskets(maxPairs);
  for (const order of orders) baskets.add(order);
  return baskets.companions();
}

const times = (count: number, ...order: string[]) => Array.from({ length: count }, () => order);

describe(Baskets.name, () => {
  it('scores two SKUs by the orders with both among those with either', () => {
    // 1 and 2: 3 of 4 + 5 − 3 orders.
    const companions = learn([...times(3, '1', '2'), ['1'], ['2'], ['2', '9']]);
    expect(companions.get('1')).toEqual([{ skuId: '2', orders: 3, score: 0.5 }]);
    expect(companions.get('2')).toEqual([{ skuId: '1', orders: 3, score: 0.5 }]);
  });

  it('names no best-seller with everything, and nothing by two orders alone', () => {
    const companions = learn([
      ...times(3, '1', '2', '3'),
      ...times(100, '3'),
      ...times(2, '1', '7'),
      ...times(2, '2', '7'),
    ]);
    expect(companions.get('1')!.map(({ skuId }) => skuId)).toEqual(['2', '3']);
    expect(companions.has('7')).toBe(false);
  });

  it('counts a SKU once in an order, and an order of a reseller not at all', () => {
    const bulk = Array.from({ length: MAX_BASKET + 1 }, (_, i) => String(i + 1));
    expect(learn(times(3, '1', '1')).size).toBe(0);
    expect(learn([bulk, bulk, bulk]).size).toBe(0);
    expect(learn([...times(3, '1', '2'), bulk]).get('1')).toEqual([{ skuId: '2', orders: 3, score: 1 }]);
  });

  it('keeps the strongest companions, among equals the lower ids', () => {
    const all = Array.from({ length: 40 }, (_, i) => String(i + 1));
    const companions = learn(times(3, ...all)).get('40')!;
    expect(companions.map(({ skuId }) => skuId)).toEqual(all.slice(0, MAX_COMPANIONS));
  });

  it('still knows what is bought together often when it may hold few pairs', () => {
    const noise = Array.from({ length: 400 }, (_, i) => [`1${i}`, `2${i}`]);
    const orders = noise.flatMap((pair, i) => (i % 4 === 0 ? [pair, ['7', '8']] : [pair]));
    const [strongest] = learn(orders, 50).get('7')!;
    expect(strongest).toMatchObject({ skuId: '8' });
    expect(strongest!.orders).toBeGreaterThan(90);
  });

  it('is what counting over all orders gives', () => {
    const order = fc.uniqueArray(fc.integer({ min: 1, max: 9 }).map(String), { maxLength: 5 });
    fc.assert(
      fc.property(fc.array(order, { maxLength: 40 }), (orders) => {
        const companions = learn(orders);
        for (let a = 1; a <= 9; a++) {
          const expected = new Map<string, number>();
          for (let b = 1; b <= 9; b++) {
            const both = orders.filter((one) => one.includes(String(a)) && one.includes(String(b))).length;
            const either = orders.filter((one) => one.includes(String(a)) || one.includes(String(b))).length;
            if (a !== b && both >= 3) expected.set(String(b), both / either);
          }
          const found = companions.get(String(a)) ?? [];
          expect(found.map(({ skuId }) => skuId).sort()).toEqual([...expected.keys()].sort());
          for (const { skuId, score } of found) expect(score).toBeCloseTo(expected.get(skuId)!, 5);
        }
      }),
    );
  });
});
