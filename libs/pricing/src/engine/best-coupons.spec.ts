import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyCoupons } from './apply-coupons.js';
import { bestCoupons } from './best-coupons.js';
import type { OwnedCoupon } from './coupon.js';
import { promote } from './promote.js';
import type { Scope } from './promotion.js';
import type { PricedLine } from './quote.js';

const NOW = 1_000;

describe(bestCoupons.name, () => {
  it('is what trying every set of coupons finds, on 6,000 random carts', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(carts(), coupons(), (lines, owned) => {
        const quote = promote({ lines, promotions: [], now: NOW });
        expect(bestCoupons(quote, owned, NOW)).toEqual(bruteForce(lines, owned));
      }),
      { numRuns: 6_000 },
    );
  });

  it('takes off what it says when its coupons are applied', () => {
    fc.assert(
      fc.property(carts(), coupons(), (lines, owned) => {
        const quote = promote({ lines, promotions: [], now: NOW });
        const best = bestCoupons(quote, owned, NOW);
        const chosen = owned.filter(({ couponId }) => best.couponIds.includes(couponId));
        const { quote: applied, problems } = applyCoupons(quote, chosen, NOW);
        expect(problems).toEqual([]);
        expect(applied.totals.couponDiscount).toBe(best.discount);
      }),
    );
  });

  it('takes less in a shop when the platform’s threshold is met that way', () => {
    const lines = [line('1', '1', 10_000), line('2', '2', 10_000)];
    const owned = [
      fixed('big', { shopId: '1' }, 0, 3_000),
      fixed('small', { shopId: '1' }, 0, 1_000),
      fixed('all', { platform: true }, 19_000, 5_000),
    ];
    expect(best(lines, owned)).toEqual({ couponIds: ['all', 'small'], discount: 6_000 });
  });

  it('of sets that take the same, the fewest coupons, then the lowest ids', () => {
    const lines = [line('1', '1', 5_000), line('2', '2', 5_000)];
    const two = [fixed('a', { shopId: '1' }, 0, 500), fixed('b', { shopId: '2' }, 0, 500)];
    const one = fixed('z', { platform: true }, 9_800, 1_000);
    expect(best(lines, [...two, one])).toEqual({ couponIds: ['z'], discount: 1_000 });
    expect(best(lines, [...two, fixed('a0', { shopId: '1' }, 0, 500)])).toEqual({
      couponIds: ['a', 'b'],
      discount: 1_000,
    });
  });

  it('never spends a coupon that brings nothing', () => {
    expect(best([line('1', '1', 0)], [fixed('a', { shopId: '1' }, 0, 500)])).toEqual({ couponIds: [], discount: 0 });
    expect(best([], [fixed('a', { platform: true }, 0, 500)])).toEqual({ couponIds: [], discount: 0 });
  });
});

function best(lines: readonly PricedLine[], owned: readonly OwnedCoupon[]) {
  return bestCoupons(promote({ lines, promotions: [], now: NOW }), owned, NOW);
}

function line(skuId: string, shopId: string, price: number): PricedLine {
  return { skuId, shopId, price, quantity: 1 };
}

function fixed(couponId: string, scope: Scope, threshold: number, amount: number): OwnedCoupon {
  const terms = { label: '', startsAt: null, endsAt: null, status: 'on', granted: 1, used: 0 } as const;
  return { ...terms, couponId, kind: 'fixed', scope, threshold, amount };
}

/** Few SKUs of few shops and round amounts, so that coupons meet, tie and miss their thresholds by cents. */
function carts(): fc.Arbitrary<PricedLine[]> {
  const price = fc.oneof(fc.integer({ min: 0, max: 400 }), fc.constantFrom(100, 200, 300));
  const shape = fc.record({
    skuId: fc.integer({ min: 1, max: 12 }).map(String),
    shopId: fc.constantFrom('1', '2', '3'),
    price,
    quantity: fc.integer({ min: 1, max: 3 }),
  });
  return fc.uniqueArray(shape, { minLength: 1, maxLength: 6, selector: ({ skuId }) => skuId });
}

function coupons(): fc.Arbitrary<OwnedCoupon[]> {
  const scope: fc.Arbitrary<Scope> = fc.oneof(
    fc.constant({ platform: true as const }),
    fc.record({ shopId: fc.constantFrom('1', '2', '3', '4') }),
    fc.record({ skuIds: fc.uniqueArray(fc.integer({ min: 1, max: 12 }).map(String), { minLength: 1, maxLength: 5 }) }),
  );
  const kind = fc.oneof(
    fc.record({ kind: fc.constant('fixed' as const), amount: fc.constantFrom(1, 30, 50, 100, 999) }),
    fc.record({
      kind: fc.constant('percent' as const),
      percentOff: fc.constantFrom(50, 1_000, 1_250, 3_333, 5_000, 10_000),
      cap: fc.constantFrom(null, 20, 100),
    }),
  );
  const terms = fc.record({
    couponId: fc.constantFrom(...'abcdefghijkl'),
    threshold: fc.oneof(fc.constantFrom(0, 100, 300, 500), fc.integer({ min: 0, max: 1_500 })),
    scope,
    startsAt: fc.constantFrom(null, null, null, NOW, NOW + 1),
    endsAt: fc.constantFrom(null, null, null, NOW, NOW + 1),
    status: fc.constantFrom('on' as const, 'on' as const, 'on' as const, 'off' as const),
    used: fc.constantFrom(0, 0, 0, 1),
  });
  const coupon = fc.tuple(terms, kind).map(([some, rest]) => ({ ...some, ...rest, label: '', granted: 1 }));
  return fc.uniqueArray(coupon, { maxLength: 8, selector: ({ couponId }) => couponId });
}

/** Every set of coupons, worked out from the words of the contract and not with the engine's code. */
function bruteForce(lines: readonly PricedLine[], owned: readonly OwnedCoupon[]) {
  let found = { couponIds: [] as string[], discount: 0 };
  for (let bits = 0; bits < 2 ** owned.length; bits++) {
    const set = owned.filter((_, i) => bits & (1 << i));
    const discount = discountOf(lines, set);
    if (discount === null) continue;
    const candidate = { couponIds: set.map(({ couponId }) => couponId).sort(), discount };
    if (beats(candidate, found)) found = candidate;
  }
  return found;
}

type Found = ReturnType<typeof bruteForce>;

function beats(a: Found, b: Found): boolean {
  if (a.discount !== b.discount) return a.discount > b.discount;
  if (a.couponIds.length !== b.couponIds.length) return a.couponIds.length < b.couponIds.length;
  return a.couponIds.join() < b.couponIds.join();
}

/** What a set takes off, `null` when it may not be used together or one of it cannot be used. */
function discountOf(lines: readonly PricedLine[], set: readonly OwnedCoupon[]): number | null {
  const left = lines.map(({ price, quantity }) => price * quantity);
  const isIn = ({ scope }: OwnedCoupon, line: PricedLine) =>
    'platform' in scope || ('shopId' in scope ? scope.shopId === line.shopId : scope.skuIds.includes(line.skuId));
  const shopsOf = (coupon: OwnedCoupon) => [...new Set(lines.filter((l) => isIn(coupon, l)).map((l) => l.shopId))];
  const isPlatforms = (coupon: OwnedCoupon) => 'platform' in coupon.scope || shopsOf(coupon).length > 1;
  const places = set.map((coupon) => (isPlatforms(coupon) ? 'platform' : shopsOf(coupon)[0]));
  if (new Set(places).size < set.length) return null;
  let total = 0;
  for (const coupon of [...set].sort((a, b) => Number(isPlatforms(a)) - Number(isPlatforms(b)))) {
    const indexes = lines.flatMap((l, i) => (isIn(coupon, l) ? [i] : []));
    const amount = indexes.reduce((all, i) => all + left[i]!, 0);
    const isLate = coupon.endsAt !== null && coupon.endsAt <= NOW;
    const isEarly = coupon.startsAt !== null && coupon.startsAt > NOW;
    if (coupon.status === 'off' || isLate || isEarly || coupon.used > 0) return null;
    if (amount < coupon.threshold || amount === 0) return null;
    let discount = coupon.kind === 'fixed' ? coupon.amount : Math.floor((amount * coupon.percentOff + 5_000) / 10_000);
    if (coupon.kind === 'percent' && coupon.cap !== null && discount > coupon.cap) discount = coupon.cap;
    discount = Math.min(discount, amount);
    total += discount;
    giveOut(discount, amount, indexes, lines, left);
  }
  return total;
}

/** Largest remainder, a cent at a time: the next cent goes where the exact share is furthest ahead of what was given. */
function giveOut(
  discount: number,
  amount: number,
  indexes: number[],
  lines: readonly PricedLine[],
  left: number[],
): void {
  const before = [...left];
  const given = new Map(indexes.map((i) => [i, Math.floor((before[i]! * discount) / amount)]));
  const missing = discount - [...given.values()].reduce((a, b) => a + b, 0);
  const queue = [...indexes].sort((a, b) => {
    const byRemainder = ((before[b]! * discount) % amount) - ((before[a]! * discount) % amount);
    return byRemainder || Number(lines[a]!.skuId) - Number(lines[b]!.skuId);
  });
  for (const i of queue.slice(0, missing)) given.set(i, given.get(i)! + 1);
  for (const [i, cents] of given) left[i]! -= cents;
}
