import { Injectable } from '@nestjs/common';
import { DatabaseUnavailableError, Slots } from '@app/database';
import { Sku, SkuFilter, SkuScope } from './sku.js';
import { SkuTable } from './sku.table.js';

const PAGE = 50;
const MAX_VARIANTS = 100;
/**
 * How many rows one statement looks through for a text. Measured with 200,000 SKUs on MariaDB 10.11: 15 to 20 ms a
 * window, against 100 ms for one statement over all that nobody can stop. FULLTEXT is faster at rare words, but finds no
 * Chinese inside a name (MariaDB has no ngram parser) and takes 45 ms for a common word, which this finds in 1 ms.
 */
const WINDOW = 20_000;
/** After this long a search answers what it has found, and the cursor goes on from there; ms. */
const SEARCH_MS = 300;
/** The most statements for lists at MySQL at once, so that they never take every connection from the carts. */
const AT_ONCE = 2;
const WAITING = 100;
const WAIT_MS = 1_000;

/** A page of a list; `next` is the id to go on from, `null` when nothing follows. */
export interface SkuPage {
  skus: Sku[];
  next: string | null;
}

/**
 * What is on the shelf, straight from MySQL: for anybody, so its share of MySQL is bounded. Throws
 * DatabaseUnavailableError when MySQL is away or too many wait already.
 */
@Injectable()
export class SkuList {
  private readonly slots = new Slots(AT_ONCE, WAITING, WAIT_MS);

  constructor(private readonly table: SkuTable) {}

  /**
   * At most `limit` SKUs above an id. A search through a large catalogue may answer fewer, even none, with a `next`.
   */
  async page(filter: SkuFilter, after = '0', limit = PAGE): Promise<SkuPage> {
    const skus: Sku[] = [];
    const deadline = performance.now() + SEARCH_MS;
    for (let start = after; ;) {
      const { found, end } = await this.withSlot(() => this.look(filter, start, limit + 1 - skus.length));
      skus.push(...found);
      if (skus.length > limit) return { skus: skus.slice(0, limit), next: skus[limit - 1]!.skuId };
      if (end === undefined) return { skus, next: null };
      if (performance.now() >= deadline) return { skus, next: end };
      start = end;
    }
  }

  /** The other SKUs of the same product on the shelf, in the order of ids, at most 100. */
  async variantsOf({ skuId, spuId }: Sku): Promise<Sku[]> {
    if (spuId === null) return [];
    const all = await this.withSlot(() => this.table.onShelf({ spuId }, '0', undefined, MAX_VARIANTS + 1));
    return all.filter((sku) => sku.skuId !== skuId).slice(0, MAX_VARIANTS);
  }

  /** Those that can be bought whose price is nearest to an amount, in cents: so many from it on, and so many below. */
  async nearPrice(scope: SkuScope, cents: number, limit: number): Promise<Sku[]> {
    return this.withSlot(async () => [
      ...(await this.table.nextInPrice(scope, 'at_least', cents, limit)),
      ...(await this.table.nextInPrice(scope, 'below', cents, limit)),
    ]);
  }

  /** `end`: where a search goes on; `undefined`: it has seen all. */
  private async look(filter: SkuFilter, after: string, limit: number): Promise<{ found: Sku[]; end?: string }> {
    const end = filter.text ? await this.table.endOfWindow(filter, after, WINDOW) : undefined;
    return { found: await this.table.onShelf(filter, after, end, limit), end };
  }

  private async withSlot<T>(work: () => Promise<T>): Promise<T> {
    if (!(await this.slots.enter())) throw new DatabaseUnavailableError(new Error('too many lists'));
    try {
      return await work();
    } finally {
      this.slots.leave();
    }
  }
}
