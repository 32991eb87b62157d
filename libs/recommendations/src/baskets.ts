import { compareDecimals } from '@app/database';

/** Another SKU that was bought with one, in how many orders, and how strongly: 0 … 1. */
export interface Companion {
  skuId: string;
  orders: number;
  score: number;
}

/** Fewer orders in common say nothing: in a shop of thousands of SKUs some two always meet by chance. */
export const MIN_ORDERS = 3;
export const MAX_COMPANIONS = 20;
/** An order of more SKUs restocks a shop, and says little of what goes with what. */
export const MAX_BASKET = 100;
/** Pairs held in memory, some 100 MB; beyond it those seen once are forgotten. */
const MAX_PAIRS = 1_000_000;
/** SKUs a key of two has room for. */
const MAX_SKUS = 2 ** 26;

/**
 * Learns from orders what is bought together. The score of two SKUs is Jaccard's: orders with both ÷ orders with either.
 * Counts alone would name the best-sellers with everything; lift would name what was bought twice in all.
 */
export class Baskets {
  private readonly numbers = new Map<string, number>();
  private readonly skuIds: string[] = [];
  private readonly orders: number[] = [];
  private readonly pairs = new Map<number, number>();

  constructor(private readonly maxPairs = MAX_PAIRS) {}

  add(skuIds: readonly string[]): void {
    const distinct = [...new Set(skuIds)];
    if (distinct.length > MAX_BASKET) return;
    const basket = distinct.map((skuId) => this.numberOf(skuId));
    for (const sku of basket) this.orders[sku]! += 1;
    basket.sort((a, b) => a - b);
    basket.forEach((a, i) => {
      for (let j = i + 1; j < basket.length; j++) {
        const pair = a * MAX_SKUS + basket[j]!;
        this.pairs.set(pair, (this.pairs.get(pair) ?? 0) + 1);
      }
    });
    if (this.pairs.size > this.maxPairs) this.forgetRare();
  }

  /** The strongest companions of each SKU that has any, best first. */
  companions(): Map<string, Companion[]> {
    const found = new Map<string, Companion[]>();
    for (const [pair, orders] of this.pairs) {
      if (orders < MIN_ORDERS) continue;
      const [a, b] = [Math.floor(pair / MAX_SKUS), pair % MAX_SKUS];
      const score = toScore(orders, this.orders[a]!, this.orders[b]!);
      append(found, this.skuIds[a]!, { skuId: this.skuIds[b]!, orders, score });
      append(found, this.skuIds[b]!, { skuId: this.skuIds[a]!, orders, score });
    }
    for (const [skuId, all] of found) found.set(skuId, all.sort(strongestFirst).slice(0, MAX_COMPANIONS));
    return found;
  }

  private numberOf(skuId: string): number {
    let number = this.numbers.get(skuId);
    if (number === undefined) {
      number = this.skuIds.push(skuId) - 1;
      this.orders.push(0);
      this.numbers.set(skuId, number);
    }
    return number;
  }

  /** A pair that is strong comes again, and was forgotten at the price of one order. */
  private forgetRare(): void {
    for (let least = 1; this.pairs.size > this.maxPairs / 2; least++) {
      for (const [pair, orders] of this.pairs) if (orders <= least) this.pairs.delete(pair);
    }
  }
}

/** To the millionth, as the table keeps it. */
function toScore(both: number, a: number, b: number): number {
  return Math.round((1e6 * both) / (a + b - both)) / 1e6;
}

function strongestFirst(a: Companion, b: Companion): number {
  return b.score - a.score || compareDecimals(a.skuId, b.skuId);
}

function append(lists: Map<string, Companion[]>, skuId: string, companion: Companion): void {
  const list = lists.get(skuId);
  if (list) list.push(companion);
  else lists.set(skuId, [companion]);
}
