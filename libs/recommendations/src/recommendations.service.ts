import { Injectable } from '@nestjs/common';
import { CartLoader, type CartOwner, type LiveCart } from '@app/cart';
import { Catalogue, InventoryCheck } from '@app/inventory-check';
import { type Affinity, affinities, strongestOf } from './affinity.js';
import { Companions } from './companions.js';
import { GapClosers } from './gap-closers.js';
import type { Recommendation, Recommendations } from './recommendation.js';

const MAX_ITEMS = 12;
/** SKUs looked up in the catalogue, for some cannot be bought now. */
const CANDIDATES = 60;
/** The newest items say what a shopper is about. */
const MAX_CART = 200;

/** What goes with a cart. Nothing that is in it already, selected or not, and nothing that cannot be bought. */
@Injectable()
export class RecommendationsService {
  constructor(
    private readonly carts: CartLoader,
    private readonly companions: Companions,
    private readonly catalogue: Catalogue,
    private readonly inventory: InventoryCheck,
    private readonly closers: GapClosers,
  ) {}

  /** SKUs often bought with what is in the cart; with a promotion, those that close its gap. */
  async recommend(owner: CartOwner, promotionId?: string): Promise<Recommendations> {
    const cart = await this.carts.read(owner);
    const affine = await this.affineTo(cart);
    if (promotionId !== undefined) return this.closers.find(promotionId, cart, affine, MAX_ITEMS);
    const likely = strongestOf(affine, CANDIDATES);
    const skus = await this.catalogue.getMany(likely);
    const items = likely.flatMap((skuId): Recommendation[] => {
      const sku = skus.get(skuId);
      if (!sku || this.inventory.invalidReasonOf(sku) !== null) return [];
      return [{ sku, boughtWith: affine.get(skuId)!.with, closesGap: null }];
    });
    return { items: items.slice(0, MAX_ITEMS), gap: null };
  }

  private async affineTo({ items }: LiveCart): Promise<Map<string, Affinity>> {
    const inCart = items.map(({ skuId }) => skuId);
    const companions = await this.companions.of(inCart.slice(0, MAX_CART));
    return affinities(companions, new Set(inCart));
  }
}
