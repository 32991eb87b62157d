import { Injectable } from '@nestjs/common';
import type { Promotion } from './engine/promotion.js';

const NONE: readonly Promotion[] = [];

/** What a promotion may be about. */
export interface Place {
  skuId: string;
  shopId: string;
}

/**
 * The promotions as this process knows them, found by what they are about. Every cart asks, so it costs nothing while
 * there are none, and does not grow with the promotions of other shops.
 */
@Injectable()
export class Promotions {
  private everywhere: Promotion[] = [];
  private byShop = new Map<string, Promotion[]>();
  private bySku = new Map<string, Promotion[]>();
  private byId = new Map<string, Promotion>();
  private isEmpty = true;

  replace(promotions: readonly Promotion[]): void {
    const everywhere: Promotion[] = [];
    const byShop = new Map<string, Promotion[]>();
    const bySku = new Map<string, Promotion[]>();
    for (const promotion of promotions) {
      const { scope } = promotion;
      if ('shopId' in scope) append(byShop, scope.shopId, promotion);
      else if ('skuIds' in scope) for (const skuId of scope.skuIds) append(bySku, skuId, promotion);
      else everywhere.push(promotion);
    }
    const byId = new Map(promotions.map((promotion) => [promotion.promotionId, promotion]));
    Object.assign(this, { everywhere, byShop, bySku, byId, isEmpty: promotions.length === 0 });
  }

  /** The promotion of this id, whether it holds now or not. */
  find(promotionId: string): Promotion | undefined {
    return this.byId.get(promotionId);
  }

  /** Those about something of these, whether they hold now or not; each once. */
  about(places: readonly Place[]): readonly Promotion[] {
    if (this.isEmpty || places.length === 0) return NONE;
    const found = new Set(this.everywhere);
    for (const { skuId, shopId } of places) {
      for (const promotion of this.byShop.get(shopId) ?? NONE) found.add(promotion);
      for (const promotion of this.bySku.get(skuId) ?? NONE) found.add(promotion);
    }
    return [...found];
  }
}

function append(lists: Map<string, Promotion[]>, key: string, promotion: Promotion): void {
  const list = lists.get(key);
  if (list) list.push(promotion);
  else lists.set(key, [promotion]);
}
