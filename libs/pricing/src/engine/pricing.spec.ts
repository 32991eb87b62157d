import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyCoupons } from './apply-coupons.js';
import { shareOut } from './arithmetic.js';
import type { Coupon } from './coupon.js';
import { promote } from './promote.js';
import type { Promotion, Scope } from './promotion.js';
import type { PricedLine, Quote } from './quote.js';

const NOW = 1_000;
const RUNS = { numRuns: 1_000 };

describe('pricing, whatever is in the cart', { timeout: 120_000 }, () => {
  it('shares every discount so that items, promotions, coupons and totals agree to the cent', () => {
    fc.assert(
      fc.property(carts(), promotions(), coupons(), (lines, offers, chosen) => {
        const { items, totals, ...quote } = price(lines, offers, chosen);
        const all = (amounts: number[]) => amounts.reduce((a, b) => a + b, 0);
        expect(all(quote.promotions.map(({ discount }) => discount))).toBe(totals.promotionDiscount);
        expect(all(quote.coupons.map(({ discount }) => discount))).toBe(totals.couponDiscount);
        for (const amount of ['goods', 'promotionDiscount', 'couponDiscount', 'payable'] as const) {
          expect(all(items.map((item) => item[amount]))).toBe(totals[amount]);
        }
        for (const item of items) {
          expect(item.goods).toBe(item.price * item.quantity);
          expect(item.payable).toBe(item.goods - item.promotionDiscount - item.couponDiscount);
          for (const amount of [item.promotionDiscount, item.couponDiscount, item.payable]) {
            expect(amount).toBeGreaterThanOrEqual(0);
            expect(Number.isSafeInteger(amount)).toBe(true);
          }
        }
      }),
      RUNS,
    );
  });

  it('comes to the same for every item, in whatever order items, promotions and coupons are given', () => {
    const shuffled = fc.tuple(carts(), promotions(), coupons()).chain(([lines, offers, chosen]) =>
      fc.record({
        straight: fc.constant(price(lines, offers, chosen)),
        mixed: fc.tuple(shuffle(lines), shuffle(offers), shuffle(chosen)).map((mixed) => price(...mixed)),
      }),
    );
    fc.assert(
      fc.property(shuffled, ({ straight, mixed }) => {
        expect(sorted(mixed)).toEqual(sorted(straight));
      }),
      RUNS,
    );
  });

  it('lets an item join one promotion of a kind, and each has only items of its scope', () => {
    fc.assert(
      fc.property(carts(), promotions(), (lines, offers) => {
        const joined = price(lines, offers, []).promotions;
        for (const kinds of [['percent_off', 'fixed_price', 'nth_item'], ['full_reduction'], ['full_gift']]) {
          const skuIds = joined
            .filter(({ promotion }) => kinds.includes(promotion.kind))
            .flatMap(({ skuIds }) => skuIds);
          expect(skuIds).toHaveLength(new Set(skuIds).size);
        }
        for (const { promotion, skuIds } of joined) {
          expect(
            skuIds.every((skuId) =>
              isIn(
                promotion.scope,
                lines.find((line) => line.skuId === skuId)!,
              ),
            ),
          ).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it('reaches a promotion when exactly its gap is added, and not with a cent less', () => {
    fc.assert(
      fc.property(carts(), promotions(), (lines, offers) => {
        for (const { promotion, reached, gap } of price(lines, offers, []).promotions) {
          if (gap === null || reached) continue;
          // The newcomer takes part in nothing else: only this promotion's scope is widened to it.
          const shopId = 'shopId' in promotion.scope ? promotion.scope.shopId : '99';
          const rest = offers.filter((offer) => offer !== promotion).map((offer) => withoutNewcomer(offer, lines));
          const widened = { ...promotion, scope: widen(promotion.scope) };
          const after = (cents: number) => {
            const more = [...lines, { skuId: '999', shopId, quantity: 1, price: cents }];
            const { promotions } = price(more, [...rest, widened], []);
            return promotions.find(({ promotion: { promotionId } }) => promotionId === widened.promotionId)!.reached;
          };
          expect(after(gap)).toBe(true);
          expect(after(gap - 1)).toBe(false);
        }
      }),
      RUNS,
    );
  });
});

describe(shareOut.name, () => {
  it('is less than a cent away from the exact share for everybody', () => {
    const weights = fc.array(fc.bigInt({ min: 0n, max: 10n ** 13n }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(weights, fc.nat(1_000_000_000), (all, cents) => {
        const whole = all.reduce((a, b) => a + b, 0n);
        fc.pre(whole > 0n);
        const shares = shareOut(
          cents,
          all.map((weight, index) => ({ skuId: String(index + 1), weight })),
        );
        expect(shares.reduce((a, b) => a + b, 0)).toBe(cents);
        for (const [index, share] of shares.entries()) {
          const off = BigInt(share) * whole - BigInt(cents) * all[index]!;
          expect(off < whole && off > -whole).toBe(true);
        }
      }),
    );
  });
});

function price(lines: readonly PricedLine[], offers: readonly Promotion[], chosen: readonly Coupon[]): Quote {
  const quote = promote({ lines, promotions: offers, now: NOW, giftStock: (skuId) => Number(skuId) % 4 });
  return applyCoupons(quote, chosen, NOW).quote;
}

function sorted({ items, promotions, ...rest }: Quote) {
  return {
    ...rest,
    items: [...items].sort((a, b) => Number(a.skuId) - Number(b.skuId)),
    promotions: promotions.map(({ skuIds, shares, ...applied }) => ({
      ...applied,
      shares: Object.fromEntries(skuIds.map((skuId, i) => [skuId, shares[i]])),
    })),
  };
}

function shuffle<T>(things: readonly T[]): fc.Arbitrary<T[]> {
  return fc.shuffledSubarray([...things], { minLength: things.length });
}

function isIn(scope: Scope, { skuId, shopId }: PricedLine): boolean {
  return 'platform' in scope || ('shopId' in scope ? scope.shopId === shopId : scope.skuIds.includes(skuId));
}

function widen(scope: Scope): Scope {
  return 'skuIds' in scope ? { skuIds: [...scope.skuIds, '999'] } : scope;
}

function withoutNewcomer(offer: Promotion, lines: readonly PricedLine[]): Promotion {
  return { ...offer, scope: { skuIds: lines.filter((line) => isIn(offer.scope, line)).map(({ skuId }) => skuId) } };
}

function carts(): fc.Arbitrary<PricedLine[]> {
  const shape = fc.record({
    skuId: fc.integer({ min: 1, max: 30 }).map(String),
    shopId: fc.constantFrom('1', '2', '3'),
    price: fc.oneof(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 9_999_999_999 })),
    quantity: fc.integer({ min: 1, max: 12 }),
  });
  return fc.uniqueArray(shape, { maxLength: 12, selector: ({ skuId }) => skuId });
}

function scopes(): fc.Arbitrary<Scope> {
  return fc.oneof(
    fc.constant({ platform: true as const }),
    fc.record({ shopId: fc.constantFrom('1', '2', '3') }),
    fc.record({ skuIds: fc.uniqueArray(fc.integer({ min: 1, max: 30 }).map(String), { maxLength: 15 }) }),
  );
}

const thresholds = () => fc.oneof(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 99_999_999_999 }));
const times = () => fc.constantFrom(null, null, null, NOW - 1, NOW, NOW + 1);
const states = () => fc.constantFrom('on' as const, 'on' as const, 'on' as const, 'off' as const);
const percents = () => fc.integer({ min: 1, max: 10_000 });

function promotions(): fc.Arbitrary<Promotion[]> {
  const tier = fc.record({ threshold: thresholds(), discount: thresholds() });
  const kinds = fc.oneof(
    fc.record({
      kind: fc.constant('full_reduction' as const),
      tiers: fc.array(tier, { minLength: 1, maxLength: 3 }),
      repeat: fc.constantFrom('once' as const, 'every' as const),
    }),
    fc.record({
      kind: fc.constant('full_gift' as const),
      threshold: thresholds(),
      gift: fc.record({ skuId: fc.constantFrom('1', '2', '3', '50'), quantity: fc.integer({ min: 1, max: 3 }) }),
    }),
    fc.record({ kind: fc.constant('percent_off' as const), percentOff: percents() }),
    fc.record({ kind: fc.constant('fixed_price' as const), price: thresholds() }),
    fc.record({ kind: fc.constant('nth_item' as const), n: fc.integer({ min: 1, max: 5 }), percentOff: percents() }),
  );
  const terms = fc.record({
    promotionId: fc.integer({ min: 1, max: 99 }).map((id) => `p${id}`),
    label: fc.constant(''),
    scope: scopes(),
    startsAt: times(),
    endsAt: times(),
    priority: fc.integer({ min: -1, max: 2 }),
    status: states(),
  });
  const promotion = fc.tuple(terms, kinds).map(([common, kind]): Promotion => ({ ...common, ...kind }));
  return fc.uniqueArray(promotion, { maxLength: 10, selector: ({ promotionId }) => promotionId });
}

function coupons(): fc.Arbitrary<Coupon[]> {
  const kinds = fc.oneof(
    fc.record({ kind: fc.constant('fixed' as const), amount: thresholds() }),
    fc.record({
      kind: fc.constant('percent' as const),
      percentOff: percents(),
      cap: fc.oneof(fc.constant(null), thresholds()),
    }),
  );
  const terms = fc.record({
    couponId: fc.integer({ min: 1, max: 99 }).map((id) => `c${id}`),
    label: fc.constant(''),
    threshold: fc.oneof(fc.constant(0), thresholds()),
    scope: scopes(),
    startsAt: times(),
    endsAt: times(),
    status: states(),
  });
  const coupon = fc.tuple(terms, kinds).map(([common, kind]): Coupon => ({ ...common, ...kind }));
  return fc.uniqueArray(coupon, { maxLength: 6, selector: ({ couponId }) => couponId });
}
