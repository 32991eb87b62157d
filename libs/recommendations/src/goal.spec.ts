import { describe, expect, it } from 'vitest';
import type { Sku } from '@app/inventory-check';
import type { Promotion } from '@app/pricing';
import { Goal } from './goal.js';

const terms = {
  label: '',
  scope: { platform: true as const },
  startsAt: null,
  endsAt: null,
  priority: 0,
  status: 'on' as const,
};
const tiers = [
  { threshold: 10_000, discount: 1_000 },
  { threshold: 20_000, discount: 3_000 },
];
const reduction: Promotion = { ...terms, promotionId: 'p', kind: 'full_reduction', tiers, repeat: 'once' };
const line = (price: number) => ({ skuId: '1', shopId: '7', quantity: 1, price });
const sku = (skuId: string, price: number) => ({ skuId, shopId: '7', price }) as Sku;
const NOBODY = new Map();

function order(goal: Goal, skus: Sku[], affine = NOBODY) {
  return goal.try(skus, affine, 10).map(({ sku: { skuId }, closesGap }) => `${skuId} ${closesGap}`);
}

const NOW = 1_000;

describe(Goal.name, () => {
  it('has the gap of the cart: to the first tier, to the next, and none after the last', () => {
    const gaps = [[], [line(6_200)], [line(10_000)], [line(20_000)]].map(
      (lines) => new Goal(reduction, () => [reduction], lines, NOW).gap,
    );
    expect(gaps).toEqual([10_000, 3_800, 10_000, null]);
  });

  it('has none for a promotion without a threshold', () => {
    const offer: Promotion = { ...terms, promotionId: 'p', kind: 'percent_off', percentOff: 1_000 };
    expect(new Goal(offer, () => [offer], [line(100)], NOW).gap).toBeNull();
    expect(new Goal(offer, () => [offer], [], NOW).gap).toBeNull();
  });

  it('prefers the smallest overshoot, then what leaves least of the gap', () => {
    const goal = new Goal(reduction, () => [reduction], [line(6_200)], NOW);
    const skus = [sku('2', 100), sku('3', 9_000), sku('4', 3_800), sku('5', 3_799), sku('6', 4_000)];
    expect(order(goal, skus)).toEqual(['4 true', '6 true', '3 true', '5 false', '2 false']);
  });

  it('lets what is bought with the cart overshoot twice as much', () => {
    const goal = new Goal(reduction, () => [reduction], [line(6_200)], NOW);
    const affine = new Map([['9', { score: 0.5, with: ['1'] }]]);
    expect(order(goal, [sku('8', 3_900), sku('9', 3_999)], affine)).toEqual(['9 true', '8 true']);
    expect(order(goal, [sku('8', 3_900), sku('9', 4_001)], affine)).toEqual(['8 true', '9 true']);
  });

  it('works with the prices that would hold: a SKU with an offer of its own counts for less', () => {
    const offer: Promotion = {
      ...terms,
      promotionId: 'o',
      kind: 'percent_off',
      percentOff: 5_000,
      scope: { skuIds: ['2'] },
    };
    const goal = new Goal(reduction, () => [reduction, offer], [line(6_200)], NOW);
    expect(order(goal, [sku('2', 3_800), sku('3', 5_000)])).toEqual(['3 true', '2 false']);
    expect(order(goal, [sku('2', 7_600)])).toEqual(['2 true']);
    expect(goal.priceThatCloses(goal.try([sku('2', 3_800)], NOBODY, 10))).toBe(7_600);
    expect(goal.priceThatCloses(goal.try([sku('3', 3_800)], NOBODY, 10))).toBeNull();
  });

  it('knows that a further tier and a gift are closed', () => {
    const next = new Goal(reduction, () => [reduction], [line(15_000)], NOW);
    expect(order(next, [sku('2', 5_000), sku('3', 4_999)])).toEqual(['2 true', '3 false']);
    const gift: Promotion = {
      ...terms,
      promotionId: 'p',
      kind: 'full_gift',
      threshold: 500,
      gift: { skuId: '9', quantity: 1 },
    };
    expect(order(new Goal(gift, () => [gift], [line(400)], NOW), [sku('2', 100), sku('3', 99)])).toEqual([
      '2 true',
      '3 false',
    ]);
  });
});
