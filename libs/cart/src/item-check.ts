import { Injectable } from '@nestjs/common';
import { CartItem } from '@app/database';
import { Catalogue, InventoryCheck, QuantityRule, Sku } from '@app/inventory-check';
import { productOf } from './live-product.js';

/** A SKU and what its quantity is judged by; `sku` is null when the catalogue has none. */
export interface JudgedSku {
  skuId: string;
  sku: Sku | null;
  rule: QuantityRule;
}

/** How many SKUs a cart may hold, and how much of each of some. */
export interface LimitsOfItems {
  maxSkus: number;
  maximumOf: (skuId: string) => number;
}

/** What the catalogue and the limits say of items; the scripts are told it, and judge by it. */
@Injectable()
export class ItemCheck {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly inventory: InventoryCheck,
  ) {}

  get maxSkus(): number {
    return this.inventory.limits().maxSkus;
  }

  async judge(skuId: string): Promise<JudgedSku> {
    return this.toJudged(skuId, await this.catalogue.get(skuId));
  }

  async judgeAll(skuIds: readonly string[]): Promise<JudgedSku[]> {
    const skus = await this.catalogue.getMany(skuIds);
    return skuIds.map((skuId) => this.toJudged(skuId, skus.get(skuId) ?? null));
  }

  /** Those that cannot be bought now. */
  async invalidAmong(skuIds: readonly string[]): Promise<Set<string>> {
    const skus = await this.catalogue.getMany(skuIds);
    return new Set(skuIds.filter((skuId) => this.inventory.invalidReasonOf(skus.get(skuId) ?? null) !== null));
  }

  /** Which of these items are a shop's now, and which of them cannot be bought. */
  async ofShop(items: readonly CartItem[], shopId: string): Promise<Map<string, 'valid' | 'invalid'>> {
    const known = await this.catalogue.lookUp(items.map(({ skuId }) => skuId));
    const own = items.filter((item) => productOf(item, known.get(item.skuId)).snapshot.shopId === shopId);
    return new Map(
      own.map(({ skuId }) => {
        const isValid = this.inventory.invalidReasonOf(known.get(skuId)?.sku ?? null) === null;
        return [skuId, isValid ? 'valid' : 'invalid'];
      }),
    );
  }

  /** A SKU to be put in the place of another, and whether both are variants of one product; of one that is gone, its last. */
  async judgeVariant(skuId: string, newSkuId: string): Promise<JudgedSku & { isVariant: boolean }> {
    const known = await this.catalogue.lookUp([skuId, newSkuId]);
    const [from, to] = [known.get(skuId)?.last, known.get(newSkuId)];
    const isVariant = typeof from?.spuId === 'string' && from.spuId === to?.last?.spuId;
    return { ...this.toJudged(newSkuId, to?.sku ?? null), isVariant };
  }

  /** What decides how much of what is brought back, or brought in, fits a cart. */
  async limitsOf(skuIds: readonly string[]): Promise<LimitsOfItems> {
    const skus = await this.catalogue.getMany(skuIds);
    return { maxSkus: this.maxSkus, maximumOf: (skuId) => this.inventory.maximumOf(skus.get(skuId) ?? null) };
  }

  private toJudged(skuId: string, sku: Sku | null): JudgedSku {
    return { skuId, sku, rule: this.inventory.ruleOf(sku) };
  }
}
