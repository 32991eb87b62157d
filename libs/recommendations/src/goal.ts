import { compareDecimals } from '@app/database';
import type { Sku } from '@app/inventory-check';
import { type AppliedPromotion, type PricedLine, type Promotion, promote } from '@app/pricing';
import type { Affinity } from './affinity.js';
import type { Recommendation } from './recommendation.js';

/** SKUs worked out for each that is shown: what looks like it closes the gap may have an offer of its own. */
const TRIED = 2;

/** What became of a SKU when one of it was added. */
interface Try extends Recommendation {
  closesGap: boolean;
  /** Cents by which the gap became smaller. */
  counts: number;
}

/** The next tier of a promotion for a cart, and how well a SKU would reach it. */
export class Goal {
  /** Cents to it; `null`: there is none. */
  readonly gap: number | null;
  private readonly before: AppliedPromotion | undefined;

  constructor(
    private readonly promotion: Promotion,
    /** The promotions that may hold for some lines. */
    private readonly promotionsFor: (lines: readonly PricedLine[]) => readonly Promotion[],
    private readonly lines: readonly PricedLine[],
    private readonly now: number,
  ) {
    this.before = this.standing(lines);
    this.gap = this.before ? this.before.gap : lowestThreshold(promotion);
  }

  /**
   * The best first, each tried with the prices that would then hold. One unit that costs the gap or little more is best,
   * then the one that leaves least of it; what is bought with the cart anyway may miss it by twice as much. `aim`: the
   * price that seems to close it.
   */
  try(skus: readonly Sku[], affine: ReadonlyMap<string, Affinity>, count: number, aim = this.gap!): Try[] {
    const distance = ({ skuId, price }: Sku) => Math.abs(price - aim) / (affine.has(skuId) ? 2 : 1);
    const ranked = [...skus].sort(
      (a, b) =>
        Number(a.price < aim) - Number(b.price < aim) || distance(a) - distance(b) || compareDecimals(a.skuId, b.skuId),
    );
    const tried = ranked.slice(0, TRIED * count).map((sku) => this.tryOne(sku, affine.get(sku.skuId)?.with ?? []));
    return tried.sort((a, b) => Number(b.closesGap) - Number(a.closesGap));
  }

  /** When nothing closes the gap, though it costs as much: what would have to be paid for it. Else `null`. */
  priceThatCloses(tried: readonly Try[]): number | null {
    if (tried.some(({ closesGap }) => closesGap)) return null;
    const [nearest] = tried.filter(({ sku, counts }) => sku.price >= this.gap! && counts > 0);
    return nearest ? Math.ceil((this.gap! * nearest.sku.price) / nearest.counts) : null;
  }

  private tryOne(sku: Sku, boughtWith: string[]): Try {
    const { skuId, shopId, price } = sku;
    const after = this.standing([...this.lines, { skuId, shopId, quantity: 1, price }]);
    const closesGap = this.isNext(after);
    return { sku, boughtWith, closesGap, counts: closesGap ? this.gap! : this.gap! - (after?.gap ?? this.gap!) };
  }

  /** Whether a tier more is reached than before. */
  private isNext(after: AppliedPromotion | undefined): boolean {
    if (!after?.reached) return false;
    return !this.before?.reached || after.gap === null || after.discount !== this.before.discount;
  }

  private standing(lines: readonly PricedLine[]): AppliedPromotion | undefined {
    const { promotions } = promote({ lines, promotions: this.promotionsFor(lines), now: this.now });
    return promotions.find(({ promotion }) => promotion.promotionId === this.promotion.promotionId);
  }
}

/** Where a promotion begins for a cart that has nothing of it yet. */
function lowestThreshold(promotion: Promotion): number | null {
  if (promotion.kind === 'full_gift') return promotion.threshold;
  if (promotion.kind !== 'full_reduction') return null;
  return Math.min(...promotion.tiers.map(({ threshold }) => threshold));
}
