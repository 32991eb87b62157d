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
  const gifts = reachGifts(lines, amounts, open);
  const items = lines.map((line, index) =>
    quoteItem(line, goods[index]!, offers.discounts[index]! + reductions.discounts[index]!),
  );
  return {
    items,
    promotions: [...offers.promotions, ...reductions.promotions, ...gifts],
    gifts: giveGifts(lines, gifts, declineGifts, giftStock),
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

/** Units that are bought are not there to be given, nor are those of a gift before. */
function giveGifts(
  lines: readonly PricedLine[],
  reachable: readonly (AppliedPromotion & { promotion: FullGift })[],
  declined: PricingInput['declineGifts'] = new Set(),
  stockOf: PricingInput['giftStock'] = () => 0,
): Gift[] {
  const taken = new Map<string, number>();
  for (const { skuId, quantity } of lines) taken.set(skuId, (taken.get(skuId) ?? 0) + quantity);
  return reachable.flatMap(({ promotion: { promotionId, gift }, reached }) => {
    if (!reached || declined.has(promotionId)) return [];
    const before = taken.get(gift.skuId) ?? 0;
    const quantity = Math.min(gift.quantity, Math.max(0, stockOf(gift.skuId) - before));
    taken.set(gift.skuId, before + quantity);
    return quantity > 0 ? [{ promotionId, skuId: gift.skuId, quantity }] : [];
  });
}
