import { BeforeApplicationShutdown, Injectable, OnModuleInit } from '@nestjs/common';
import { AppError, KeptFresh } from '@app/common';
import { DatabaseUnavailableError } from '@app/database';
import { Catalogue, skusOf } from '@app/inventory-check';
import { CouponChoice, couponNotFound, toCouponDetail, useCoupons } from './coupon-choice.js';
import type { CouponProblem, OwnedCoupon } from './engine/coupon.js';
import { promote } from './engine/promote.js';
import type { Promotion } from './engine/promotion.js';
import type { PricedLine, Quote } from './engine/quote.js';
import { Promotions } from './promotions.js';
import { PromotionTable } from './promotion.table.js';
import { ShopClock } from './shop-clock.js';
import { addUnselected } from './unselected.js';
import { UserCouponTable } from './user-coupon.table.js';

export interface QuoteOptions {
  /** Lines that count for nothing, but show which promotions they would join. */
  unselected?: readonly PricedLine[];
  /** Ids of promotions whose gift is not wanted. */
  declineGifts?: ReadonlySet<string>;
  coupons?: CouponChoice;
  /** Whose coupons; a guest has none. */
  userId?: string;
  /** Leave out coupons that are not the user's or two of one place: for the answer to a change that is already made. */
  lenient?: boolean;
  /** Redis is away: gifts are looked up in MySQL. */
  fromTable?: boolean;
}

/** What is shown of a cart. */
export interface ShownQuote extends Quote {
  /** Why coupons that were asked for are not in it. */
  unusedCoupons: CouponProblem[];
}

/**
 * What a cart comes to, for showing it. The active promotions are kept in the process, at most a second old; while MySQL
 * is away the last known ones go on, and a process that has not seen MySQL yet prices without any rather than refusing
 * the carts that Redis holds. An order is priced by MySQL itself.
 */
@Injectable()
export class PricingService implements OnModuleInit, BeforeApplicationShutdown {
  private readonly kept = new KeptFresh('promotions', () => this.read());

  constructor(
    private readonly promotions: Promotions,
    private readonly table: PromotionTable,
    private readonly userCoupons: UserCouponTable,
    private readonly catalogue: Catalogue,
    private readonly clock: ShopClock,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.kept.start();
  }

  beforeApplicationShutdown(): void {
    this.kept.stop();
  }

  /** Inserts or replaces promotions, at once on this instance, within a second on the others. */
  async upsert(promotions: readonly Promotion[]): Promise<void> {
    await this.table.upsert(promotions);
    await this.refresh();
  }

  /** Reads the active promotions now. */
  refresh(): Promise<void> {
    return this.kept.refresh();
  }

  /**
   * Prices the selected lines. A coupon that brings nothing now is left out. Throws `COUPON_NOT_FOUND` for one that is
   * not the user's, and `CHECKOUT_REJECTED`, one error per coupon, for one whose place another one has.
   */
  async quote(lines: readonly PricedLine[], options: QuoteOptions = {}): Promise<ShownQuote> {
    const { unselected = [], declineGifts, coupons = 'none' } = options;
    const promotions = this.promotions.about(unselected.length > 0 ? [...lines, ...unselected] : lines);
    const giftStock = await this.giftStock(promotions, options.fromTable);
    const input = { promotions, now: this.clock.now(), declineGifts, giftStock };
    const quote =
      unselected.length === 0 ? promote({ ...input, lines }) : addUnselected({ ...input, lines }, unselected);
    return coupons === 'none' ? shown(quote, []) : this.withCoupons(quote, coupons, options);
  }

  private async withCoupons(quote: Quote, choice: CouponChoice, options: QuoteOptions): Promise<ShownQuote> {
    const { userId, lenient = false } = options;
    if (userId === undefined) {
      if (choice === 'best' || choice.length === 0 || lenient) return shown(quote, []);
      throw couponNotFound(choice as readonly string[]);
    }
    const owned = await this.ownedBy(userId, choice === 'best' || lenient);
    const wanted = lenient && choice !== 'best' ? intersect(choice as readonly string[], owned) : choice;
    const used = useCoupons(quote, owned, wanted, this.clock.now());
    const conflicts = used.problems.filter(({ code }) => code === 'COUPON_CONFLICT');
    if (conflicts.length > 0 && !lenient) throw new AppError('CHECKOUT_REJECTED', conflicts.map(toCouponDetail));
    return shown(used.quote, used.problems);
  }

  /** While MySQL is away nobody has coupons, where that is better than no answer. */
  private async ownedBy(userId: string, orNone: boolean): Promise<OwnedCoupon[]> {
    try {
      return await this.userCoupons.owned(userId);
    } catch (error) {
      if (!orNone || !(error instanceof DatabaseUnavailableError)) throw error;
      return [];
    }
  }

  /** Units there are of the gifts that may be given. What cannot be looked up is not given: a cart shows without it. */
  private async giftStock(promotions: readonly Promotion[], fromTable = false) {
    const skuIds = promotions.flatMap((one) => (one.kind === 'full_gift' ? [one.gift.skuId] : []));
    if (skuIds.length === 0) return undefined;
    try {
      const known = await (fromTable ? this.catalogue.lookUpInTable(skuIds) : this.catalogue.lookUp(skuIds));
      const skus = skusOf(known);
      return (skuId: string) => {
        const sku = skus.get(skuId);
        return sku?.status === 'on' ? sku.stock : 0;
      };
    } catch (error) {
      if (!(error instanceof DatabaseUnavailableError)) throw error;
      return undefined;
    }
  }

  private async read(): Promise<() => void> {
    const asked = performance.now();
    const now = await this.table.now();
    const moment = (asked + performance.now()) / 2;
    const active = await this.table.active();
    return () => {
      this.clock.set(now, moment);
      this.promotions.replace(active);
    };
  }
}

/** Field by field: every cart that is read passes here, and a spread before another field costs twenty times as much. */
function shown(quote: Quote, unusedCoupons: CouponProblem[]): ShownQuote {
  const { items, promotions, gifts, missingGifts, coupons, totals } = quote;
  return { items, promotions, gifts, missingGifts, coupons, totals, unusedCoupons };
}

function intersect(couponIds: readonly string[], owned: readonly OwnedCoupon[]): string[] {
  const mine = new Set(owned.map(({ couponId }) => couponId));
  return couponIds.filter((couponId) => mine.has(couponId));
}
