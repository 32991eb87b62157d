import type { Sku } from '@app/inventory-check';

/** A SKU that a shopper may want beside the cart. */
export interface Recommendation {
  sku: Sku;
  /** SKUs of the cart it is often bought with, those that speak most for it first. */
  boughtWith: string[];
  /** Whether one of it closes the gap of the promotion asked about; `null` without one. */
  closesGap: boolean | null;
}

export interface Recommendations {
  items: Recommendation[];
  /** Cents to the next tier of the promotion asked about; `null` without one, or when nothing is to be reached. */
  gap: number | null;
}
