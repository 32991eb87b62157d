/**
 * Mutants of promotions and coupons as they are kept and shown.
 * @type {import('./list.mjs').Mutant[]}
 */
export const PRICING_MUTANTS = [
  {
    name: 'a coupon that takes nothing off is not used',
    file: 'libs/pricing/src/engine/coupon-offer.ts',
    from: "  if (discount === 0) return nothing('NO_DISCOUNT');\n",
    to: '',
    spec: 'libs/pricing/src/engine/examples.spec.ts',
    project: 'unit',
  },
  {
    name: 'a gift that is out of stock gives no hint',
    file: 'libs/pricing/src/engine/promote.ts',
    from: '!left || left(gift.skuId) > 0',
    to: '!left || left(gift.skuId) > -1e9',
    spec: 'libs/pricing/src/engine/examples.spec.ts',
    project: 'unit',
  },
  {
    name: 'a coupon is never used more often than it was granted',
    file: 'libs/pricing/src/user-coupon.table.ts',
    from: 'coupon_id IN (?) AND used < granted',
    to: 'coupon_id IN (?)',
    spec: 'test/integration/pricing-tables.int-spec.ts',
  },
  {
    name: 'a grant with a key is recorded with it',
    file: 'libs/pricing/src/user-coupon.table.ts',
    from: 'if (request && total !== undefined) await record(request, total, query);',
    to: 'if (request && total === 0) await record(request, total, query);',
    spec: 'test/integration/pricing-tables.int-spec.ts',
  },
  {
    name: 'a coupon is claimed once',
    file: 'libs/pricing/src/user-coupon.table.ts',
    from: 'IF(claimed = 0, 1, 0)',
    to: '1',
    spec: 'test/integration/pricing-tables.int-spec.ts',
  },
];
