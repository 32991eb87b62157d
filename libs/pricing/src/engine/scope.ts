import type { Scope } from './promotion.js';

interface InShop {
  skuId: string;
  shopId: string;
}

/** Lists of SKUs as sets. Promotions are kept between carts, so each list is turned into one once. */
const SETS = new WeakMap<readonly string[], ReadonlySet<string>>();

export function covers(scope: Scope, { skuId, shopId }: InShop): boolean {
  if ('skuIds' in scope) return setOf(scope.skuIds).has(skuId);
  return 'shopId' in scope ? scope.shopId === shopId : scope.platform;
}

function setOf(skuIds: readonly string[]): ReadonlySet<string> {
  let set = SETS.get(skuIds);
  if (!set) SETS.set(skuIds, (set = new Set(skuIds)));
  return set;
}

interface Window {
  startsAt: number | null;
  endsAt: number | null;
  status: 'on' | 'off';
}

/** Whether it holds at this moment: from `startsAt` on, until just before `endsAt`. */
export function holds({ startsAt, endsAt, status }: Window, now: number): boolean {
  return status === 'on' && (startsAt === null || startsAt <= now) && (endsAt === null || now < endsAt);
}
