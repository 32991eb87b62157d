import { createHash } from 'node:crypto';
import { compareDecimals } from '@app/database';
import type { Gift } from '@app/pricing';

/** What an order is of. The amounts are no part of it: `expectedPayable` is the consent to those. */
export interface Content {
  items: readonly SomeOfIt[];
  gifts: readonly Gift[];
  /** The coupons that are used. */
  couponIds: readonly string[];
}

type SomeOfIt = { skuId: string; quantity: number };

/** Characters of one hash: 132 bits. */
const LENGTH = 22;

/**
 * What a shopper consents to, as a text that a checkout sends back: preview and order make it of the same priced order.
 * The first half is about the items alone, so that an order can tell another cart from a cart whose gifts or coupons are
 * others.
 */
export function quoteOf({ items, gifts, couponIds }: Content): string {
  const given = gifts.map(({ promotionId, skuId, quantity }) => `${promotionId} ${skuId} ${quantity}`);
  return hashOf(linesOf(items)) + hashOf([given.sort(), [...couponIds].sort()]);
}

/** Whether a quote is of exactly these items. */
export function isOfItems(quote: string, items: readonly SomeOfIt[]): boolean {
  return quote.slice(0, LENGTH) === hashOf(linesOf(items));
}

function linesOf(items: readonly SomeOfIt[]): string[] {
  const sorted = [...items].sort((a, b) => compareDecimals(a.skuId, b.skuId));
  return sorted.map(({ skuId, quantity }) => `${skuId} ${quantity}`);
}

function hashOf(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('base64url').slice(0, LENGTH);
}
