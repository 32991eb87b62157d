import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { keys, loadScripts, RedisConnection, RedisUnavailableError } from '@app/redis';
import { SkuTable } from './sku.table.js';
import { ChangeTerms } from './sku.change.js';
import { ShopSku, Sku, SkuInput, SkuPatch } from './sku.js';

const scripts = loadScripts(new URL('./lua/', import.meta.url));
const share = scripts.get('share-sku');

/** How long this process may show a SKU without asking Redis again, ms: "others ≤ 1 s" of the contract. */
const LOCAL_TTL_MS = 1_000;
const LOCAL_SKUS = 50_000;
/** How long Redis remembers that a SKU does not exist, seconds. */
const UNKNOWN_TTL_SECONDS = 10;

const SHARE_PAGE = 500;

/** What is known of a SKU id. */
export interface Known {
  /** The SKU, unless it is gone. */
  sku: Sku | null;
  /** The same, or as it was when it was taken out of the catalogue; `null`: there is no row. */
  last: Sku | null;
  /** Of its row; 0 without a row. */
  version: number;
}

const toKnown = (row: Sku | null | undefined): Known => ({
  sku: !row || row.status === 'gone' ? null : row,
  last: row ?? null,
  version: row?.version ?? 0,
});

/**
 * The catalogue as carts see it: this process, then the shared copy in Redis, then MySQL. Unknown SKUs are remembered
 * too, so that a client cannot hammer MySQL with made-up ids. Checkout must not use it: it reads MySQL under a lock.
 */
@Injectable()
export class Catalogue {
  private readonly local = new LRUCache<string, Known>({ max: LOCAL_SKUS, ttl: LOCAL_TTL_MS });
  private readonly fetching = new Map<string, Promise<Known>>();

  constructor(
    private readonly redis: RedisConnection,
    private readonly table: SkuTable,
  ) {}

  /** The SKU, or `null` when there is none. A SKU taken out of the catalogue is `null` too. */
  async get(skuId: string): Promise<Sku | null> {
    const known = this.local.get(skuId);
    return known ? known.sku : ((await this.getMany([skuId])).get(skuId) ?? null);
  }

  /** As {@link lookUp}, of each the SKU alone. */
  async getMany(skuIds: readonly string[]): Promise<Map<string, Sku | null>> {
    return skusOf(await this.lookUp(skuIds));
  }

  /** One round trip for all SKUs that this process does not hold; MySQL only for those Redis does not know. */
  async lookUp(skuIds: readonly string[]): Promise<Map<string, Known>> {
    const found = new Map<string, Known>();
    const waiting: Promise<void>[] = [];
    const missing: string[] = [];
    for (const skuId of skuIds) {
      const known = this.local.get(skuId);
      const fetch = known ? undefined : this.fetching.get(skuId);
      if (known) found.set(skuId, known);
      else if (fetch) waiting.push(fetch.then((one) => void found.set(skuId, one)));
      else missing.push(skuId);
    }
    if (missing.length > 0) waiting.push(this.fetch(missing, found));
    if (waiting.length > 0) await Promise.all(waiting);
    return found;
  }

  /** Inserts or replaces SKUs; carts served by this process show them at once, others within a second. */
  async upsert(skus: readonly SkuInput[]): Promise<ShopSku[]> {
    const stored = await this.table.upsert(skus);
    await this.publishCommitted(stored);
    return stored;
  }

  /** Changes one SKU; `undefined` when there is none. */
  async patch(skuId: string, patch: SkuPatch, terms?: ChangeTerms): Promise<ShopSku | undefined> {
    const sku = await this.table.patch(skuId, patch, terms);
    if (sku) await this.publishCommitted([sku]);
    return sku;
  }

  /** Takes one SKU out of the catalogue; `undefined` when there is none. */
  async remove(skuId: string, terms?: ChangeTerms): Promise<ShopSku | undefined> {
    const sku = await this.table.remove(skuId, terms);
    if (sku) await this.publishCommitted([sku]);
    return sku;
  }

  /**
   * The SKUs straight from MySQL, for a cart that is shown from its copy there while Redis is away. Nobody else may do
   * without Redis: each of their requests would be a query.
   */
  async lookUpInTable(skuIds: readonly string[]): Promise<Map<string, Known>> {
    const rows = await this.table.find(skuIds);
    return new Map(rows.map((row) => [row.skuId, toKnown(row)]));
  }

  private async fetch(skuIds: string[], into: Map<string, Known>): Promise<void> {
    const batch = this.fetchShared(skuIds);
    for (const skuId of skuIds) {
      // Whoever joins awaits it; without joiners a failure is reported by this call alone.
      const one = batch.then((all) => all.get(skuId)!);
      one.catch(() => undefined);
      this.fetching.set(skuId, one);
    }
    try {
      for (const [skuId, known] of await batch) {
        this.remember(skuId, known);
        into.set(skuId, this.local.get(skuId) ?? known);
      }
    } finally {
      for (const skuId of skuIds) this.fetching.delete(skuId);
    }
  }

  private async fetchShared(skuIds: string[]): Promise<Map<string, Known>> {
    const copies = await this.redis.command<(string | null)[]>(['MGET', ...skuIds.map((id) => keys.sku(id))]);
    const all = new Map<string, Known>();
    const unshared: string[] = [];
    skuIds.forEach((skuId, i) => {
      const copy = copies[i];
      if (copy) all.set(skuId, parseShared(copy));
      else unshared.push(skuId);
    });
    if (unshared.length > 0) {
      const rows = new Map((await this.table.find(unshared)).map((sku) => [sku.skuId, sku]));
      for (const skuId of unshared) all.set(skuId, toKnown(rows.get(skuId)));
      // Sharing spares the next reader a query; without it this reader has its answer all the same.
      await Promise.all(unshared.map((skuId) => this.share(skuId, rows.get(skuId)))).catch(() => undefined);
    }
    return all;
  }

  /** Shares again what changed in MySQL within these seconds: a process may die between its commit and its sharing. */
  async shareChangedSince(seconds: number, signal?: AbortSignal): Promise<void> {
    for (let after = '0'; !signal?.aborted;) {
      const skus = await this.table.changedWithin(seconds, after, SHARE_PAGE);
      await this.publish(skus);
      if (skus.length < SHARE_PAGE) return;
      after = skus.at(-1)!.skuId;
    }
  }

  /** Shares again all that Redis has a copy of: one that came back with an old file has old ones. */
  async shareAllAgain(signal?: AbortSignal): Promise<void> {
    for (let cursor = '0'; !signal?.aborted;) {
      const [next, found] = await this.redis.command<[next: string, found: string[]]>([
        ...['SCAN', cursor, 'MATCH', keys.skus, 'COUNT', String(SHARE_PAGE)],
      ]);
      await this.publish(await this.table.find(found.map(keys.skuOf)));
      if (next === '0') return;
      cursor = next;
    }
  }

  /** Shows SKUs as MySQL has committed them; while Redis is away the sharer brings them there later. */
  async publishCommitted(skus: readonly Sku[]): Promise<void> {
    try {
      await this.publish(skus);
    } catch (error) {
      if (!(error instanceof RedisUnavailableError)) throw error;
    }
  }

  private async publish(skus: readonly Sku[]): Promise<void> {
    for (const sku of skus) this.remember(sku.skuId, toKnown(sku));
    await Promise.all(skus.map((sku) => this.share(sku.skuId, sku)));
  }

  private async share(skuId: string, sku: Sku | undefined): Promise<void> {
    const lifetime = sku ? '0' : String(UNKNOWN_TTL_SECONDS);
    await this.redis.run(share, [keys.sku(skuId)], [String(sku?.version ?? 0), JSON.stringify(sku ?? null), lifetime]);
  }

  /** A fetch that began before this process changed the SKU must not bring the old one back. */
  private remember(skuId: string, known: Known): void {
    if ((this.local.get(skuId)?.version ?? -1) <= known.version) this.local.set(skuId, known);
  }
}

/** Of each the SKU, unless it is gone. */
export function skusOf(known: ReadonlyMap<string, Known>): Map<string, Sku | null> {
  return new Map([...known].map(([skuId, { sku }]) => [skuId, sku]));
}

function parseShared(copy: string): Known {
  return toKnown(JSON.parse(copy.slice(copy.indexOf(' ') + 1)) as Sku | null);
}
