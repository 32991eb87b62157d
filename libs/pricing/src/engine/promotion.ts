/** What a promotion or coupon is about. Ids are decimal strings. */
export type Scope = { platform: true } | { shopId: string } | { skuIds: string[] };

/** What every promotion has. Times are milliseconds since 1970, UTC; `null`: no bound. */
interface PromotionTerms {
  promotionId: string;
  label: string;
  scope: Scope;
  startsAt: number | null;
  /** The first moment it no longer holds. */
  endsAt: number | null;
  /** Higher goes first; among equals the lower id. */
  priority: number;
  status: 'on' | 'off';
}

/** 满减: the highest tier reached counts; `every` repeats its single tier. Cents. */
export interface FullReduction {
  kind: 'full_reduction';
  tiers: { threshold: number; discount: number }[];
  repeat: 'once' | 'every';
}

/** 满赠: a gift from a threshold (cents) on. */
export interface FullGift {
  kind: 'full_gift';
  threshold: number;
  gift: { skuId: string; quantity: number };
}

/** `percentOff` in hundredths of a percent, 1 … 10,000: 1,500 is 15 %. */
export interface PercentOff {
  kind: 'percent_off';
  percentOff: number;
}

/** Price of one unit, cents. */
export interface FixedPrice {
  kind: 'fixed_price';
  price: number;
}

/** Every n-th unit of a SKU is cheaper; `percentOff` as in {@link PercentOff}. */
export interface NthItem {
  kind: 'nth_item';
  n: number;
  percentOff: number;
}

export type Promotion = PromotionTerms & (FullReduction | FullGift | PercentOff | FixedPrice | NthItem);
export type PromotionKind = Promotion['kind'];
