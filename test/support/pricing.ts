import fc from 'fast-check';
import type { Coupon, Promotion, Scope } from '@app/pricing';
import { randomBytes } from 'node:crypto';
import { anyId } from './arbitraries.js';

/** An id of a promotion or coupon nobody else uses. */
export function freshCode(name: string): string {
  return `${name}-${randomBytes(6).toString('hex')}`;
}

const head = { startsAt: null, endsAt: null, status: 'on' as const };

/** 满500减100 of shop 7, unless told otherwise. */
export function newPromotion(overrides: Record<string, unknown> = {}): Promotion {
  return {
    ...head,
    promotionId: freshCode('promotion'),
    label: '满500减100',
    scope: { shopId: '7' },
    priority: 0,
    kind: 'full_reduction',
    tiers: [{ threshold: 50_000, discount: 10_000 }],
    repeat: 'once',
    ...overrides,
  };
}

/** 5.00 off from 20.00 on, everywhere, unless told otherwise. */
export function newCoupon(overrides: Record<string, unknown> = {}): Coupon {
  return {
    ...head,
    couponId: freshCode('coupon'),
    label: 'five off',
    scope: { platform: true },
    threshold: 2_000,
    kind: 'fixed',
    amount: 500,
    ...overrides,
  };
}

const token = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const label = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
const cents = fc.nat({ max: 9_999_999_999 });
/** A threshold nothing reaches for nothing. */
const amount = fc.integer({ min: 1, max: 9_999_999_999 });
const percentOff = fc.integer({ min: 1, max: 10_000 });
const quantity = fc.integer({ min: 1, max: 2_147_483_647 });
const time = fc.option(fc.integer({ min: 0, max: 4_000_000_000_000 }));
const status = fc.constantFrom('on' as const, 'off' as const);
const scope: fc.Arbitrary<Scope> = fc.oneof(
  fc.constant({ platform: true as const }),
  anyId.map((shopId) => ({ shopId })),
  fc.uniqueArray(anyId, { minLength: 1, maxLength: 5 }).map((skuIds) => ({ skuIds })),
);
const common = { label, scope, startsAt: time, endsAt: time, status };
const promotionHead = { ...common, promotionId: token, priority: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }) };
const kind = <K extends string>(name: K) => fc.constant(name);

export const anyPromotion: fc.Arbitrary<Promotion> = fc.oneof(
  fc.record({
    ...promotionHead,
    kind: kind('full_reduction'),
    tiers: fc.array(fc.record({ threshold: amount, discount: cents }), { minLength: 1, maxLength: 4 }),
    repeat: fc.constantFrom('once' as const, 'every' as const),
  }),
  fc.record({
    ...promotionHead,
    kind: kind('full_gift'),
    threshold: amount,
    gift: fc.record({ skuId: anyId, quantity }),
  }),
  fc.record({ ...promotionHead, kind: kind('percent_off'), percentOff }),
  fc.record({ ...promotionHead, kind: kind('fixed_price'), price: cents }),
  fc.record({ ...promotionHead, kind: kind('nth_item'), n: quantity, percentOff }),
);

const couponHead = { ...common, couponId: token, threshold: cents };
export const anyCoupon: fc.Arbitrary<Coupon> = fc.oneof(
  fc.record({ ...couponHead, kind: kind('fixed'), amount: cents }),
  fc.record({ ...couponHead, kind: kind('percent'), percentOff, cap: fc.option(cents) }),
);
