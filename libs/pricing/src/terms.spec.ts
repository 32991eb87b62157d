import fc from 'fast-check';
import { Logger } from '@nestjs/common';
import { describe, expect, it, vi } from 'vitest';
import { anyCoupon, anyPromotion, newCoupon, newPromotion } from '../../../test/support/pricing.js';
import { couponTerms, promotionTerms, readAll, toCoupon, toPromotion } from './terms.js';

describe('terms', () => {
  it('are the whole of a promotion that has no column of its own, and come back as they were', () => {
    fc.assert(
      fc.property(anyPromotion, (promotion) => {
        const { promotionId, label, startsAt, endsAt, priority, status, kind } = promotion;
        const head = { promotionId, label, startsAt, endsAt, priority, status };
        expect(toPromotion(head, kind, JSON.parse(promotionTerms(promotion)))).toEqual(promotion);
      }),
    );
  });

  it('are the whole of a coupon that has no column of its own, and come back as they were', () => {
    fc.assert(
      fc.property(anyCoupon, (coupon) => {
        const { couponId, label, startsAt, endsAt, status, kind } = coupon;
        const head = { couponId, label, startsAt, endsAt, status };
        expect(toCoupon(head, kind, JSON.parse(couponTerms(coupon)))).toEqual(coupon);
      }),
    );
  });

  const { promotionId, label, startsAt, endsAt, priority, status } = newPromotion();
  const head = { promotionId, label, startsAt, endsAt, priority, status };
  const scope = { platform: true };
  it.each([
    ['full_reduction', { scope, tiers: [], repeat: 'once' }],
    ['full_reduction', { scope, tiers: [{ threshold: 1 }], repeat: 'once' }],
    ['full_reduction', { scope, tiers: [{ threshold: 1, discount: 1 }], repeat: 'twice' }],
    ['full_reduction', { scope, tiers: [{ threshold: -1, discount: 1 }], repeat: 'once' }],
    ['full_gift', { scope, threshold: 1, gift: { skuId: '1', quantity: 0 } }],
    ['full_gift', { scope, threshold: 1 }],
    ['percent_off', { scope, percentOff: 10_001 }],
    ['percent_off', { scope, percentOff: '15' }],
    ['percent_off', { scope: {}, percentOff: 15 }],
    ['percent_off', { scope: { skuIds: [7] }, percentOff: 15 }],
    ['percent_off', { percentOff: 15 }],
    ['fixed_price', { scope, price: 1.5 }],
    ['nth_item', { scope, n: 0, percentOff: 15 }],
    ['bogus', { scope }],
    ['percent_off', null],
    ['percent_off', []],
  ])('of a row written by hand are refused: %s %j', (kind, terms) => {
    expect(() => toPromotion(head, kind, terms)).toThrow('make no sense');
  });

  it.each([
    ['fixed', { scope, threshold: 0 }],
    ['fixed', { scope, amount: 100 }],
    ['percent', { scope, threshold: 0, percentOff: 100 }],
    ['percent', { scope, threshold: 0, percentOff: 0, cap: null }],
    ['gift', { scope, threshold: 0 }],
  ])('of a coupon written by hand are refused: %s %j', (kind, terms) => {
    const { couponId } = newCoupon();
    expect(() => toCoupon({ couponId, label, startsAt, endsAt, status }, kind, terms)).toThrow('make no sense');
  });
});

describe(readAll.name, () => {
  it('leaves out the row that cannot be read, says which, and reads the others', () => {
    const said = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
    const read = (row: { label: string }) => {
      if (row.label === 'bad') throw new Error('no sense');
      return row.label;
    };
    expect(readAll([{ label: 'a' }, { label: 'bad' }, { label: 'b' }], read)).toEqual(['a', 'b']);
    expect(said).toHaveBeenCalledWith('"bad" is left out: no sense');
  });
});
