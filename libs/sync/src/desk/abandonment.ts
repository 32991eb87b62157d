import { Injectable } from '@nestjs/common';
import { Abandonment, AbandonmentTable } from './abandonment.table.js';

const PAGE = 100;
/** SKUs of one statement. */
const WINDOW = 50;
/** After this long a page is answered with what was found; the cursor goes on from there, ms. */
const SEARCH_MS = 1_500;

/** "Added but did not pay", SKU by SKU. */
@Injectable()
export class AbandonmentReport {
  constructor(private readonly table: AbandonmentTable) {}

  /** Up to about 100 SKUs that somebody added, in the order of ids; `next` is where the next page begins. */
  async page(
    { from, to, shopId }: { from: number; to: number; shopId?: string },
    after = '0',
  ): Promise<{ skus: Abandonment[]; next: string | null }> {
    const skus: Abandonment[] = [];
    const deadline = performance.now() + SEARCH_MS;
    for (let start = after; ;) {
      const window = await this.table.skus(start, WINDOW, shopId);
      skus.push(...(await this.table.of(window, from, to)));
      const end = window.at(-1);
      if (!end || window.length < WINDOW) return { skus, next: null };
      if (skus.length >= PAGE || performance.now() >= deadline) return { skus, next: end.skuId };
      start = end.skuId;
    }
  }
}
