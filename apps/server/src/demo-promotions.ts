import { type Coupon, type Promotion } from '@app/pricing';

/** The demo shop: the carts of real invoices hold nothing of it, so their sums stay what the invoices say. */
const scope = { shopId: '21' };
const always = { startsAt: null, endsAt: null, status: 'on' as const };

/** One promotion of each common kind, for the SKUs of `demo-skus.ts`. */
export function demoPromotions(): Promotion[] {
  return [
    {
      ...always,
      promotionId: 'demo-100-off-500',
      label: '满500减100',
      scope,
      priority: 0,
      kind: 'full_reduction',
      tiers: [
        { threshold: 20_000, discount: 3_000 },
        { threshold: 50_000, discount: 10_000 },
      ],
      repeat: 'once',
    },
    {
      ...always,
      promotionId: 'demo-mug-from-120',
      label: '满120赠马克杯',
      scope,
      priority: 0,
      kind: 'full_gift',
      threshold: 12_000,
      gift: { skuId: '900010', quantity: 1 },
    },
    {
      ...always,
      promotionId: 'demo-second-shirt-half',
      label: 'Second shirt half price',
      scope: { skuIds: ['900001', '900002', '900003', '900004', '900005', '900006'] },
      priority: 0,
      kind: 'nth_item',
      n: 2,
      percentOff: 5_000,
    },
  ];
}

/** Coupons that anybody may claim. */
export function demoCoupons(): Coupon[] {
  return [
    { ...always, couponId: 'demo-5-off', label: '5 off from 50', scope, threshold: 5_000, kind: 'fixed', amount: 500 },
    {
      ...always,
      couponId: 'demo-10-percent',
      label: '10 % off, at most 20',
      scope,
      threshold: 10_000,
      kind: 'percent',
      percentOff: 1_000,
      cap: 2_000,
    },
  ];
}
