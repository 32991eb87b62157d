import { Injectable } from '@nestjs/common';
import { ShopSku, ShopSkuFilter } from './sku.js';
import { SkuTable } from './sku.table.js';

/** As in {@link SkuList}: one statement looks through so many rows for a text, a search takes about so long. */
const WINDOW = 20_000;
const SEARCH_MS = 300;
/** Above every number. */
const TOP = '9223372036854775807';

/** The catalogue as an operator sees it, what is off the shelf too, straight from MySQL. */
@Injectable()
export class ShopSkuList {
  constructor(private readonly table: SkuTable) {}

  /** One SKU; `undefined` when it is unknown or gone. */
  find(skuId: string): Promise<ShopSku | undefined> {
    return this.table.findForShop(skuId);
  }

  /**
   * The latest added first; `next` is where to go on, `null` when nothing follows. A search through a large catalogue may
   * answer fewer than `limit`, even none, with a `next`.
   */
  async page(filter: ShopSkuFilter, limit: number, before = TOP): Promise<{ skus: ShopSku[]; next: string | null }> {
    const skus: ShopSku[] = [];
    const deadline = performance.now() + SEARCH_MS;
    for (let start = before; ;) {
      const end = filter.text ? await this.table.endOfShopWindow(filter, start, WINDOW) : undefined;
      skus.push(...(await this.table.newest(filter, start, end, limit + 1 - skus.length)));
      if (skus.length > limit) return { skus: skus.slice(0, limit), next: skus[limit - 1]!.addedNo };
      if (end === undefined) return { skus, next: null };
      if (performance.now() >= deadline) return { skus, next: end };
      start = end;
    }
  }
}
