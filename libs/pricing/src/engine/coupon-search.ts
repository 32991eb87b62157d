import { compareText } from './arithmetic.js';

/** A way of using coupons: what it takes off in all, what it leaves of the amount looked at, and which they are. */
export interface Way {
  discount: number;
  left: number;
  count: number;
  last: Link | null;
}

/** The coupons of a way, newest first; ways share their beginnings. */
interface Link {
  couponId: string;
  before: Link | null;
}

/** A coupon of the platform, and what can be done in each shop before it is its turn. */
export interface Plan {
  couponId: string;
  threshold: number;
  /** What it takes when so much is left of its scope; grows with it, by a cent for each cent at most. */
  valueOf: (left: number) => number;
  /** Whether that is the same for whatever meets the threshold. */
  isFlat: boolean;
  /** The ways of each shop, the undominated ones; first the shops where most can be taken. */
  shops: Way[][];
  ahead: Ahead[];
}

/** What is to come from the n-th shop on. */
interface Ahead {
  discount: number;
  /** Most and least that can be left. */
  left: number;
  least: number;
  /** The most of discount and left together. */
  both: number;
  /** The most each of the shops can take, the largest first. */
  discounts: number[];
}

/** Among more ways than this only a larger discount is looked for, not fewer coupons for the same. */
const TIES = 1_000;

export const NOTHING_USED: Way = { discount: 0, left: 0, count: 0, last: null };

export function useCoupon(way: Way, couponId: string, discount: number): Way {
  return { ...way, discount: way.discount + discount, count: way.count + 1, last: { couponId, before: way.last } };
}

export function idsOf({ last }: Way): string[] {
  const ids: string[] = [];
  for (let link = last; link; link = link.before) ids.push(link.couponId);
  return ids.sort(compareText);
}

export function toPlan(
  coupon: Pick<Plan, 'couponId' | 'threshold' | 'valueOf' | 'isFlat'>,
  shops: readonly Way[][],
): Plan {
  const sorted = shops.map(undominated).sort((a, b) => mostOf(b, discountOf) - mostOf(a, discountOf));
  const ahead: Ahead[] = [{ discount: 0, left: 0, least: 0, both: 0, discounts: [] }];
  for (const ways of [...sorted].reverse()) {
    const { discount, left, least, both, discounts } = ahead[0]!;
    const most = mostOf(ways, discountOf);
    ahead.unshift({
      discount: discount + most,
      left: left + mostOf(ways, (way) => way.left),
      least: least - mostOf(ways, (way) => -way.left),
      both: both + mostOf(ways, (way) => way.discount + way.left),
      discounts: [most, ...discounts].sort((a, b) => b - a),
    });
  }
  return { ...coupon, shops: sorted, ahead };
}

/**
 * The best of `best` and all ways of the plan that reach the platform coupon's threshold. Goes from shop to shop with
 * the ways that could still win: no other leaves as much and takes more, and the most they could come to is not less
 * than what was found. Following `width` of them at most, it may miss the best; `isComplete` tells.
 */
export function search(
  plan: Plan,
  best: Way,
  width: number,
  steps: { left: number },
): { best: Way; isComplete: boolean } {
  let ways = [NOTHING_USED];
  let isComplete = true;
  for (const [index, shop] of plan.shops.entries()) {
    steps.left -= ways.length * shop.length;
    if (steps.left < 0) return { best, isComplete: false };
    const next: Way[] = [];
    const mayTie = ways.length <= TIES;
    for (const way of ways) {
      for (const choice of shop) {
        const longer = combine(way, choice);
        if (canWin(plan, longer, index + 1, best, mayTie)) next.push(simplify(plan, longer, index + 1));
      }
    }
    const kept = undominated(next);
    isComplete &&= kept.length <= width;
    ways = spread(kept, width);
  }
  for (const way of ways) {
    if (way.left < plan.threshold) continue;
    const whole = useCoupon(way, plan.couponId, plan.valueOf(way.left));
    if (isBetter(whole, best)) best = whole;
  }
  return { best, isComplete };
}

/** More discount, then fewer coupons, then lower ids. */
function isBetter(a: Way, b: Way): boolean {
  return a.discount > b.discount || (a.discount === b.discount && compareSets(a, b) < 0);
}

/**
 * The most a way can come to with the platform's coupon, from the `next` shop on. What is taken in the shops and what is
 * left there do not grow together, so that a threshold to be met limits what may be taken.
 */
export function boundOf({ threshold, valueOf, ahead }: Plan, { discount, left }: Way, next: number): number {
  const most = ahead[next]!;
  if (left + most.left < threshold) return -1;
  const both = discount + left + most.both;
  const taken = Math.min(discount + most.discount, both - threshold);
  return taken + valueOf(Math.min(left + most.left, both - taken));
}

/** Whether it can still beat the best: with the same discount only by coupons that are not more. */
function canWin(plan: Plan, way: Way, next: number, best: Way, mayTie: boolean): boolean {
  const bound = boundOf(plan, way, next);
  if (bound !== best.discount || !mayTie) return bound > best.discount;
  const { left, discounts } = plan.ahead[next]!;
  let missing = best.discount - plan.valueOf(way.left + left) - way.discount;
  let count = way.count + 1;
  for (const discount of discounts) {
    if (missing <= 0 || count > best.count) break;
    missing -= discount;
    count += 1;
  }
  return count <= best.count;
}

/** Beyond what surely meets the threshold nothing is gained by leaving more, if the coupon takes the same anyway. */
function simplify({ isFlat, threshold, ahead }: Plan, way: Way, next: number): Way {
  const enough = threshold - ahead[next]!.least;
  return isFlat && way.left > enough ? { ...way, left: enough } : way;
}

/** Some of the ways, from all over. */
function spread(ways: Way[], width: number): Way[] {
  if (ways.length <= width) return ways;
  return Array.from({ length: width }, (_, index) => ways[Math.floor((index * ways.length) / width)]!);
}

export function combine(way: Way, { discount, left, count, last }: Way): Way {
  return {
    discount: way.discount + discount,
    left: way.left + left,
    count: way.count + count,
    last: last ? { couponId: last.couponId, before: way.last } : way.last,
  };
}

/** Without those that leave no more than one that takes more, and one of each that come to the same. */
function undominated(ways: readonly Way[]): Way[] {
  const distinct = new Map<number, Way[]>();
  for (const way of ways) {
    const others = distinct.get(way.discount);
    const same = others?.findIndex(({ left }) => left === way.left) ?? -1;
    if (!others) distinct.set(way.discount, [way]);
    else if (same === -1) others.push(way);
    else if (compareSets(way, others[same]!) < 0) others[same] = way;
  }
  let mostLeft = -Infinity;
  return [...distinct.keys()]
    .sort((a, b) => b - a)
    .flatMap((discount) => {
      const kept = distinct.get(discount)!.filter(({ left }) => left > mostLeft);
      for (const { left } of kept) mostLeft = Math.max(mostLeft, left);
      return kept;
    });
}

function compareSets(a: Way, b: Way): number {
  if (a.count !== b.count) return a.count - b.count;
  const others = idsOf(b);
  for (const [index, id] of idsOf(a).entries()) {
    const order = compareText(id, others[index]!);
    if (order !== 0) return order;
  }
  return 0;
}

function mostOf(ways: readonly Way[], amountOf: (way: Way) => number): number {
  return ways.reduce((most, way) => Math.max(most, amountOf(way)), -Infinity);
}

function discountOf({ discount }: Way): number {
  return discount;
}
