import { toGiftWarning, TotalsDto } from '@app/cart';
import { fromCents, toIso } from '@app/database';
import type { Gift, Quote } from '@app/pricing';
import { newestFirst, Order } from '../order.js';
import { Preview } from '../previews.js';
import { PreviewedDto, PricedItemDto } from './checkout.dto.js';
import { OrderDto } from './order.dto.js';

export function toPreviewed({ quote, consent, requirements, leftOut }: Preview): PreviewedDto {
  return {
    totals: toTotals(quote.items, quote.totals, quote.gifts),
    items: quote.items.map(toPricedItem),
    gifts: quote.gifts.map(toGift),
    couponIds: quote.coupons.map(({ couponId }) => couponId),
    requirements,
    leftOut,
    quote: consent,
    warnings: quote.missingGifts.map(toGiftWarning),
  };
}

export function toOrderDto(order: Order): OrderDto {
  return {
    orderId: order.orderId,
    status: order.status as OrderDto['status'],
    items: newestFirst(order.lines).map((line) => ({
      ...toPricedItem(line),
      price: fromCents(line.price),
      snapshot: line.snapshot,
    })),
    gifts: order.gifts.map(toGift),
    totals: toTotals(order.lines, order.totals, order.gifts),
    couponIds: order.couponIds,
    createdAt: toIso(order.createdAt),
    expiresAt: toIso(order.expiresAt),
    currency: order.currency,
  };
}

type Priced = { skuId: string; quantity: number } & Quote['totals'];

function toPricedItem({ skuId, quantity, ...amounts }: Priced): PricedItemDto {
  return { skuId, quantity, ...toAmounts(amounts) };
}

function toTotals(items: readonly { quantity: number }[], totals: Quote['totals'], gifts: readonly Gift[]): TotalsDto {
  const quantity = items.reduce((total, item) => total + item.quantity, 0);
  return { skus: items.length, quantity, ...toAmounts(totals), gifts: gifts.map(toGift) };
}

function toAmounts({ goods, promotionDiscount, couponDiscount, payable }: Quote['totals']) {
  return {
    goods: fromCents(goods),
    promotionDiscount: fromCents(promotionDiscount),
    couponDiscount: fromCents(couponDiscount),
    payable: fromCents(payable),
  };
}

function toGift({ promotionId, skuId, quantity }: Gift) {
  return { promotionId, skuId, quantity };
}
