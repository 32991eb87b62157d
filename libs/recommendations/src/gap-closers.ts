import { Injectable } from '@nestjs/common';
import type { LiveCart } from '@app/cart';
import { Catalogue, InventoryCheck, type Sku, SkuList } from '@app/inventory-check';
import { holds, type PricedLine, type Promotion, Promotions, type Scope, ShopClock } from '@app/pricing';
import { type Affinity, strongestOf } from './affinity.js';
import { Goal } from './goal.js';
import type { Recommendations } from './recommendation.js';

/** SKUs looked at on either side of the gap, and of those bought with the cart. */
const NEAR = 30;
const AFFINE = 60;

const NOTHING: Recommendations = { items: [], gap: null };

/**
 * 凑单: what to add so that a promotion is reached, or its next tier. What {@link Goal} ranks, it looks for.
 */
@Injectable()
export class GapClosers {
  constructor(
    private readonly promotions: Promotions,
    private readonly catalogue: Catalogue,
    private readonly inventory: InventoryCheck,
    private readonly list: SkuList,
    private readonly clock: ShopClock,
  ) {}

  /** Nothing for a promotion that is unknown, does not hold now, or has nothing more to be reached. */
  async find(
    promotionId: string,
    cart: LiveCart,
    affine: ReadonlyMap<string, Affinity>,
    count: number,
  ): Promise<Recommendations> {
    const promotion = this.promotions.find(promotionId);
    const now = this.clock.now();
    if (!promotion || !holds(promotion, now) || !(await this.canGive(promotion))) return NOTHING;
    const goal = new Goal(promotion, (lines) => this.promotions.about(lines), await this.linesOf(cart), now);
    if (goal.gap === null) return NOTHING;
    const inCart = new Set(cart.items.map(({ skuId }) => skuId));
    const nearest = async (aim: number) =>
      goal.try(await this.candidates(promotion.scope, aim, inCart, affine), affine, count, aim);
    const tried = await nearest(goal.gap);
    // An offer on the SKUs themselves makes them count for less than they cost: look again, so much higher.
    const dearer = goal.priceThatCloses(tried);
    const best = dearer === null ? tried : await nearest(dearer);
    return { items: best.slice(0, count), gap: goal.gap };
  }

  /** A promotion whose gift is out of stock gives nothing to those who reach it. */
  private async canGive(promotion: Promotion): Promise<boolean> {
    if (promotion.kind !== 'full_gift') return true;
    return this.inventory.invalidReasonOf(await this.catalogue.get(promotion.gift.skuId)) === null;
  }

  /** What a quote looks at: the selected items that can be bought, at their live prices. */
  private async linesOf({ items }: LiveCart): Promise<PricedLine[]> {
    const selected = items.filter((item) => item.selected);
    const skus = await this.catalogue.getMany(selected.map(({ skuId }) => skuId));
    return selected.flatMap(({ skuId, quantity }): PricedLine[] => {
      const sku = skus.get(skuId);
      if (!sku || this.inventory.invalidReasonOf(sku) !== null) return [];
      return [{ skuId, shopId: sku.shopId, quantity, price: sku.price }];
    });
  }

  /** SKUs of the scope that can be bought and are not in the cart: near a price, and those bought with the cart. */
  private async candidates(
    scope: Scope,
    cents: number,
    inCart: ReadonlySet<string>,
    affine: ReadonlyMap<string, Affinity>,
  ): Promise<Sku[]> {
    const [near, bought] = await Promise.all([
      this.list.nearPrice(scope, cents, NEAR),
      this.catalogue.getMany(strongestOf(affine, AFFINE)),
    ]);
    const found = new Map<string, Sku>();
    for (const sku of [...near, ...bought.values()]) {
      if (!sku || inCart.has(sku.skuId) || !isIn(scope, sku)) continue;
      if (this.inventory.invalidReasonOf(sku) === null) found.set(sku.skuId, sku);
    }
    return [...found.values()];
  }
}

function isIn(scope: Scope, { skuId, shopId }: Sku): boolean {
  if ('skuIds' in scope) return scope.skuIds.includes(skuId);
  return 'shopId' in scope ? scope.shopId === shopId : true;
}
