import type { SkuTable } from '@app/inventory-check';
import { Baskets, type Companion, type CompanionTable, type OrderBaskets } from '@app/recommendations';
import { readSampleBaskets, readSampleCatalogue } from './sample-catalogue.js';

/**
 * Lets a shop without orders recommend what the invoices of the sample bought together, as far as their SKUs are in its
 * catalogue. Does nothing where anything has been learned or ordered.
 */
export async function seedCompanions(skus: SkuTable, table: CompanionTable, orders: OrderBaskets): Promise<void> {
  if (!(await table.isEmpty()) || !(await orders.isEmpty())) return;
  const baskets = new Baskets();
  for (const basket of readSampleBaskets()) baskets.add(basket);
  const known = await sampleSkusIn(skus);
  const companions = new Map<string, Companion[]>();
  for (const [skuId, list] of baskets.companions()) {
    const sold = list.filter((companion) => known.has(companion.skuId));
    if (known.has(skuId) && sold.length > 0) companions.set(skuId, sold);
  }
  for await (const _ of table.replace(companions, null));
}

/** A shop's own catalogue may have other goods under the same ids; the code tells. */
async function sampleSkusIn(table: SkuTable): Promise<Set<string>> {
  const codes = new Map(readSampleCatalogue().map(({ skuId, skuCode }) => [skuId, skuCode]));
  const stored = await table.find([...codes.keys()]);
  return new Set(stored.filter((sku) => codes.get(sku.skuId) === sku.skuCode).map(({ skuId }) => skuId));
}
