import { compareDecimals } from '@app/database';
import type { Companion } from './baskets.js';

/** How much the items of a cart together speak for a SKU, and which of them do, the strongest first. */
export interface Affinity {
  score: number;
  with: string[];
}

/** Adds up the scores of the companions of a cart's items, but for what is in the cart. */
export function affinities(
  companions: ReadonlyMap<string, readonly Pick<Companion, 'skuId' | 'score'>[]>,
  inCart: ReadonlySet<string>,
): Map<string, Affinity> {
  const scores = new Map<string, Map<string, number>>();
  for (const [item, list] of companions) {
    for (const { skuId, score } of list) {
      if (inCart.has(skuId)) continue;
      const byItem = scores.get(skuId) ?? new Map<string, number>();
      scores.set(skuId, byItem.set(item, score));
    }
  }
  return new Map([...scores].map(([skuId, byItem]) => [skuId, toAffinity(byItem)]));
}

/** The ids of those with the highest scores; among equals the lower ids. */
export function strongestOf(affine: ReadonlyMap<string, Affinity>, count: number): string[] {
  return [...affine]
    .sort(([a, { score: scoreA }], [b, { score: scoreB }]) => scoreB - scoreA || compareDecimals(a, b))
    .slice(0, count)
    .map(([skuId]) => skuId);
}

function toAffinity(byItem: ReadonlyMap<string, number>): Affinity {
  const items = [...byItem].sort(([a, scoreA], [b, scoreB]) => scoreB - scoreA || compareDecimals(a, b));
  return { score: items.reduce((sum, [, score]) => sum + score, 0), with: items.map(([item]) => item) };
}
