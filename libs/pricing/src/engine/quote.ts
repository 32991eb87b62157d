import type { Promotion } from './promotion.js';

/** One selected, valid item: live price of a unit in cents. */
export interface PricedLine {
  skuId: string;
  shopId: string;
  quantity: number;
  price: number;
}

export interface PricingInput {
  lines: readonly PricedLine[];
  promotions: readonly Promotion[];
  /** Milliseconds since 1970. */
  now: number;
  /** Ids of promotions whose gift the shopper does not want. */
  declineGifts?: ReadonlySet<string>;
  /** Units of a SKU there are; what is not known is not given, and what the lines themselves buy is taken off here. */
  giftStock?: (skuId: string) => number;
}

/** What became of one promotion that applies to something selected. */
export interface AppliedPromotion {
  promotion: Promotion;
  /** The selected SKUs it applies to. */
  skuIds: string[];
  /** What it takes off each of them, cents; they sum to the discount. */
  shares: number[];
  reached: boolean;
  /** Cents to the next tier; `null` when the last is reached, and for kinds without thresholds. */
  gap: number | null;
  discount: number;
}

export interface Gift {
  promotionId: string;
  skuId: string;
  quantity: number;
}

/** Amounts of one item, cents: payable = goods − promotionDiscount − couponDiscount, never below zero. */
export interface QuotedItem extends PricedLine {
  goods: number;
  promotionDiscount: number;
  couponDiscount: number;
  payable: number;
}

/** A cart after promotions; coupons, if any, are in `couponDiscount`. The totals are the sums of the items. */
export interface Quote {
  items: QuotedItem[];
  promotions: AppliedPromotion[];
  gifts: Gift[];
  /** Of promotions that are reached: gifts that are out of stock. */
  missingGifts: { promotionId: string; skuId: string }[];
  /** The coupons applied, with what each took. */
  coupons: { couponId: string; discount: number }[];
  totals: { goods: number; promotionDiscount: number; couponDiscount: number; payable: number };
}
