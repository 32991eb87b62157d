/**
 * Mutants of the pricing engine and of recommendations.
 * @type {import('./list.mjs').Mutant[]}
 */
export const ENGINE_MUTANTS = [
  {
    name: 'the shares of a discount sum to it',
    file: 'libs/pricing/src/engine/arithmetic.ts',
    from: 'for (const { index } of exact.slice(0, left)) shares[index]! += 1;',
    to: '',
    spec: 'libs/pricing/src/engine/examples.spec.ts',
    project: 'unit',
  },
  {
    name: 'an amount counts towards one promotion of a kind',
    file: 'libs/pricing/src/engine/thresholds.ts',
    from: 'if (reached) for (const index of members) free.delete(index);',
    to: '',
    spec: 'libs/pricing/src/engine/examples.spec.ts',
    project: 'unit',
  },
  {
    name: 'the platform’s coupon looks at what the shops’ coupons leave',
    file: 'libs/pricing/src/engine/apply-coupons.ts',
    from: 'for (const [index, share] of best.offer.shares) amounts[index]! -= share;',
    to: '',
    spec: 'libs/pricing/src/engine/examples.spec.ts',
    project: 'unit',
  },
  {
    name: 'only what was paid teaches what is bought together',
    file: 'libs/recommendations/src/order.baskets.ts',
    from: "`status = 'paid' AND closed_at >= ? $",
    to: '`closed_at >= ? $',
    spec: 'test/integration/recommendations.int-spec.ts',
    only: 'is learned from paid orders',
  },
];
