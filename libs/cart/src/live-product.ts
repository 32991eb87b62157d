import { CartItem, ProductSnapshot, snapshotOf } from '@app/database';
import { Known } from '@app/inventory-check';

/** What is known of SKUs, by their ids. */
export type KnownProducts = ReadonlyMap<string, Known>;

/** What an item is of. */
export interface ItemProduct {
  snapshot: Readonly<ProductSnapshot>;
  spuId: string | null;
}

/**
 * The product of an item: as it is now; once it is gone, as it last was; as the shopper saw it only when the catalogue knows
 * nothing of it. Every part that shows, groups, selects or prices an item asks here, or the catalogue itself.
 */
export function productOf(item: CartItem, known: Known | undefined): ItemProduct {
  const last = known?.last;
  return last ? { snapshot: snapshotOf(last), spuId: last.spuId } : { snapshot: item.snapshot, spuId: null };
}
