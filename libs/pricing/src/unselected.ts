import { promote } from './engine/promote.js';
import type { AppliedPromotion, PricedLine, PricingInput, Quote } from './engine/quote.js';

const OF_ITEMS = new Set(['percent_off', 'fixed_price', 'nth_item']);

/**
 * The quote of the lines, with the promotions that the unselected ones join too: they count for nothing, so a threshold
 * looks at the selected items alone, and a shopper sees what selecting them would bring nearer.
 */
export function addUnselected(input: PricingInput, unselected: readonly PricedLine[]): Quote {
  const weightless = unselected.map((line) => ({ ...line, quantity: 0 }));
  const quote = promote({ ...input, lines: [...input.lines, ...weightless] });
  const selected = new Set(input.lines.map(({ skuId }) => skuId));
  const own = quote.promotions.flatMap((one) => (isOfItems(one) ? (onlyOf(one, selected) ?? []) : one));
  // An item without an amount takes no offer, so theirs are looked at as if they were selected, and bring nothing.
  const offers = input.promotions.filter((promotion) => isOfItems({ promotion }));
  const theirs = offers.length === 0 ? [] : promote({ ...input, lines: unselected, promotions: offers }).promotions;
  return { ...quote, items: quote.items.slice(0, input.lines.length), promotions: theirs.reduce(addOffer, own) };
}

function isOfItems({ promotion }: Pick<AppliedPromotion, 'promotion'>): boolean {
  return OF_ITEMS.has(promotion.kind);
}

function onlyOf(applied: AppliedPromotion, wanted: ReadonlySet<string>): AppliedPromotion | null {
  const kept = applied.skuIds.flatMap((skuId, i) => (wanted.has(skuId) ? [i] : []));
  if (kept.length === 0) return null;
  return { ...applied, skuIds: kept.map((i) => applied.skuIds[i]!), shares: kept.map((i) => applied.shares[i]!) };
}

function addOffer(promotions: readonly AppliedPromotion[], { promotion, skuIds }: AppliedPromotion) {
  const there = promotions.find((one) => one.promotion === promotion);
  if (!there) {
    return [...promotions, { promotion, skuIds, shares: skuIds.map(() => 0), reached: false, gap: null, discount: 0 }];
  }
  const joined = {
    ...there,
    skuIds: [...there.skuIds, ...skuIds],
    shares: [...there.shares, ...skuIds.map(() => 0)],
  };
  return promotions.map((one) => (one === there ? joined : one));
}
