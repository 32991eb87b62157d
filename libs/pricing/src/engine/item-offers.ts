import { roundHalfUp, shareOut, WHOLE } from './arithmetic.js';
import type { Promotion } from './promotion.js';
import type { AppliedPromotion, PricedLine } from './quote.js';
import { covers } from './scope.js';

type ItemOffer = Extract<Promotion, { kind: 'percent_off' | 'fixed_price' | 'nth_item' }>;

/** One item and the offer it takes; `worth` in ten-thousandths of a cent, so that offers compare before any rounding. */
interface Choice {
  index: number;
  offer: ItemOffer;
  worth: bigint;
}

/** What a step of pricing takes off: by the index of the line, and by promotion. */
export interface Reduction {
  discounts: number[];
  promotions: AppliedPromotion[];
}

/**
 * Step 2: every item takes the one best of the offers on it; of offers worth the same, the first in order. The offer is
 * rounded once over all the items that took it. `offers` come in order of precedence.
 */
export function takeItemOffers(lines: readonly PricedLine[], offers: readonly Promotion[]): Reduction {
  const itemOffers = offers.filter(isItemOffer);
  const choices = lines.flatMap((line, index) => choose(line, index, itemOffers) ?? []);
  const discounts = lines.map(() => 0);
  const promotions: AppliedPromotion[] = [];
  for (const offer of itemOffers) {
    const members = choices.filter((choice) => choice.offer === offer);
    if (members.length === 0) continue;
    const discount = roundHalfUp(
      members.reduce((total, { worth }) => total + worth, 0n),
      WHOLE,
    );
    const weights = members.map(({ index, worth }) => ({ skuId: lines[index]!.skuId, weight: worth }));
    const shares = shareOut(discount, weights);
    shares.forEach((share, i) => (discounts[members[i]!.index] = share));
    promotions.push({
      promotion: offer,
      skuIds: weights.map(({ skuId }) => skuId),
      shares,
      reached: members.some(({ worth }) => worth > 0n),
      gap: null,
      discount,
    });
  }
  return { discounts, promotions };
}

/** An item without any offer worth something still shows that its n-th unit would be cheaper. */
function choose(line: PricedLine, index: number, offers: readonly ItemOffer[]): Choice | null {
  let best: Choice | null = null;
  for (const offer of offers) {
    if (!covers(offer.scope, line)) continue;
    const worth = worthOf(offer, line);
    if (worth === 0n && offer.kind !== 'nth_item') continue;
    if (!best || worth > best.worth) best = { index, offer, worth };
  }
  return best;
}

function worthOf(offer: ItemOffer, { price, quantity }: PricedLine): bigint {
  switch (offer.kind) {
    case 'percent_off':
      return BigInt(price * quantity) * BigInt(offer.percentOff);
    case 'fixed_price':
      // A fixed price above the live one raises nothing.
      return BigInt(Math.max(0, price - offer.price) * quantity) * WHOLE;
    case 'nth_item':
      return BigInt(price * Math.floor(quantity / offer.n)) * BigInt(offer.percentOff);
  }
}

function isItemOffer(promotion: Promotion): promotion is ItemOffer {
  return promotion.kind === 'percent_off' || promotion.kind === 'fixed_price' || promotion.kind === 'nth_item';
}
