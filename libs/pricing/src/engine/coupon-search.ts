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
  /** The ways of each shop, the undominated ones; first those with the widest choice. */
  shops: Way[][];
  /** For what comes from the n-th shop on: the most discount, the most left, the most of both together. */
  ahead: { discount: number; left: number; both: number }[];
}

export const NOTHING_USED: Way = { discount: 0, left: 0, count: 0, last: null };

export function useCoupon(way: Way, couponId: string, discount: number): Way {
  return { ...way, discount: way.discount + discount, count: way.count + 1, last: { couponId, before: way.last } };
}

export function idsOf({ last }: Way): string[] {
  const ids: string[] = [];
  for (let link = last; link; link = link.before) ids.push(link.couponId);
  return ids.sort(compareText);
}

export function toPlan(coupon: Pick<Plan, 'couponId' | 'threshold' | 'valueOf'>, shops: readonly Way[][]): Plan {
  const sorted = shops.map(undominated).sort((a, b) => b.length - a.length);
  const ahead = [{ discount: 0, left: 0, both: 0 }];
  for (const ways of [...sorted].reverse()) {
    const { discount, left, both } = ahead[0]!;
    ahead.unshift({
      discount: discount + Math.max(...ways.map((way) => way.discount)),
      left: left + Math.max(...ways.map((way) => way.left)),
      both: both + Math.max(...ways.map((way) => way.discount + way.left)),
    });
  }
  return { ...coupon, shops: sorted, ahead };
}

/**
 * The best of `best` and all ways of the plan that reach the platform coupon's threshold. Goes from shop to shop with
 * the ways that could still win: no other leaves as much and takes more, and the most they could come to is not less
 * than what was found. Following `width` of them at most, the most promising, it may miss the best; `isComplete` tells.
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
    const next = ways
      .flatMap((way) => shop.map((choice) => combine(way, choice)))
      .filter((way) => canWin(way, boundOf(plan, way, index + 1), best));
    ways = undominated(next);
    if (ways.length <= width) continue;
    isComplete = false;
    const bounds = new Map(ways.map((way) => [way, boundOf(plan, way, index + 1)]));
    ways = ways.sort((a, b) => bounds.get(b)! - bounds.get(a)!).slice(0, width);
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

/** Whether it can still beat the best: with the same discount only if it has not used more coupons already. */
function canWin(way: Way, bound: number, best: Way): boolean {
  return bound > best.discount || (bound === best.discount && way.count < best.count);
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
  const sorted = [...ways].sort((a, b) => b.discount - a.discount || b.left - a.left || compareSets(a, b));
  const kept: Way[] = [];
  let mostLeft = -1;
  let mostLeftAbove = -1;
  for (const [index, way] of sorted.entries()) {
    const previous = sorted[index - 1];
    if (previous?.discount !== way.discount) mostLeftAbove = mostLeft;
    else if (previous.left === way.left) continue;
    if (way.left <= mostLeftAbove) continue;
    kept.push(way);
    mostLeft = Math.max(mostLeft, way.left);
  }
  return kept;
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
