import { compareText, sum } from './arithmetic.js';
import { takeItemOffers } from './item-offers.js';
import type { FullGift, Promotion } from './promotion.js';
import type { AppliedPromotion, Gift, PricedLine, PricingInput, Quote, QuotedItem } from './quote.js';
import { holds } from './scope.js';
import { reachGifts, takeReductions } from './thresholds.js';

/** Steps 1–3 of pricing: goods, the best offer of every item, then reductions and gifts from a threshold on. */
export function promote({ lines, promotions, now, declineGifts, giftStock }: PricingInput): Quote {
  const open = promotions.filter((promotion) => holds(promotion, now)).sort(byPrecedence);
  const goods = lines.map(({ price, quantity }) => price * quantity);
  const offers = takeItemOffers(lines, open);
  const amounts = goods.map((amount, index) => amount - offers.discounts[index]!);
  const reductions = takeReductions(lines, amounts, open);
  const bought = unitsOf(lines);
  const left = giftStock && ((skuId: string) => giftStock(skuId) - (bought.get(skuId) ?? 0));
  const reachable = reachGifts(lines, amounts, open, ({ gift }) => !left || left(gift.skuId) > 0);
  const items = lines.map((line, index) =>
    quoteItem(line, goods[index]!, offers.discounts[index]! + reductions.discounts[index]!),
  );
  return {
    items,
    promotions: [...offers.promotions, ...reductions.promotions, ...reachable],
    ...giveGifts(reachable, declineGifts, left),
    coupons: [],
    totals: totalsOf(items),
  };
}

/** Higher priority first, among equals the lower id. */
function byPrecedence(a: Promotion, b: Promotion): number {
  return b.priority - a.priority || compareText(a.promotionId, b.promotionId);
}

function quoteItem(line: PricedLine, goods: number, promotionDiscount: number): QuotedItem {
  const { skuId, shopId, quantity, price } = line;
  const payable = goods - promotionDiscount;
  return { skuId, shopId, quantity, price, goods, promotionDiscount, couponDiscount: 0, payable };
}

export function totalsOf(items: readonly QuotedItem[]): Quote['totals'] {
  return {
    goods: sum(items.map((item) => item.goods)),
    promotionDiscount: sum(items.map((item) => item.promotionDiscount)),
    couponDiscount: sum(items.map((item) => item.couponDiscount)),
    payable: sum(items.map((item) => item.payable)),
  };
}

function unitsOf(lines: readonly PricedLine[]): Map<string, number> {
  const units = new Map<string, number>();
  for (const { skuId, quantity } of lines) units.set(skuId, (units.get(skuId) ?? 0) + quantity);
  return units;
}

/** `leftOf`: units of a SKU beside those that are bought; those of a gift before are not there to be given either. */
function giveGifts(
  reachable: readonly (AppliedPromotion & { promotion: FullGift })[],
  declined: PricingInput['declineGifts'] = new Set(),
  leftOf: (skuId: string) => number = () => 0,
): Pick<Quote, 'gifts' | 'missingGifts'> {
  const given = new Map<string, number>();
  const gifts: Gift[] = [];
  const missingGifts: Quote['missingGifts'] = [];
  for (const { promotion, reached } of reachable) {
    const { promotionId, gift } = promotion;
    if (!reached || declined.has(promotionId)) continue;
    const before = given.get(gift.skuId) ?? 0;
    const quantity = Math.min(gift.quantity, Math.max(0, leftOf(gift.skuId) - before));
    given.set(gift.skuId, before + quantity);
    if (quantity > 0) gifts.push({ promotionId, skuId: gift.skuId, quantity });
    else missingGifts.push({ promotionId, skuId: gift.skuId });
  }
  return { gifts, missingGifts };
}
