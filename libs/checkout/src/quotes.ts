import { Injectable } from '@nestjs/common';
import { AppError, ErrorDetail } from '@app/common';
import { CartItem, Database, Query } from '@app/database';
import { InventoryCheck, Sku, SkuTable } from '@app/inventory-check';
import {
  applyCoupons,
  bestCoupons,
  covers,
  holds,
  PricedLine,
  promote,
  Promotion,
  PromotionTable,
  Quote,
  toCouponDetail,
  UserCouponTable,
} from '@app/pricing';
import { quoteOf } from './consent.js';
import { OrderLimits } from './order.limits.js';

/** What a shopper wants to order, and how. */
export interface Wishes {
  /** `undefined`: a guest, who has no coupons. */
  userId: string | undefined;
  items: readonly CartItem[];
  couponIds: readonly string[] | 'best';
  /** Promotions whose gift is not wanted. */
  declineGifts: readonly string[];
}

/** What is to be ordered; `expectedPayable` in cents: what the shopper has agreed to. */
export interface OrderRequest extends Wishes {
  userId: string;
  expectedPayable: number;
  /** The user's latest order when the cart was read: the cart knows of no later one. */
  afterOrder: string;
  /** What the shopper has consented to; anything when left out. */
  quote: string | undefined;
  /** What is selected too and cannot be bought now, and why. */
  withheld: { items: readonly CartItem[]; faults: readonly ErrorDetail[] };
}

/** What it would cost now, and everything that is in the way of ordering it. */
export interface CheckoutQuote {
  quote: Quote;
  skus: ReadonlyMap<string, Sku>;
  /** What a shopper consents to who orders it: see `consent.ts`. */
  consent: string;
  /** Empty: it can be ordered. */
  requirements: ErrorDetail[];
}

/**
 * What the selected items cost and whether they can be ordered, by MySQL alone: a cache may show a price, never take one.
 * The preview and the order ask the same question here, the order with the SKUs locked.
 */
@Injectable()
export class Quotes {
  constructor(
    private readonly skus: SkuTable,
    private readonly promotions: PromotionTable,
    private readonly coupons: UserCouponTable,
    private readonly inventory: InventoryCheck,
    private readonly database: Database,
    private readonly limits: OrderLimits,
  ) {}

  /** For showing: nothing is locked, so the next moment may bring another answer. */
  preview(wishes: Wishes): Promise<CheckoutQuote> {
    return this.quote(wishes, this.database.query, (skuIds) => this.skus.find(skuIds));
  }

  /** For ordering: it stays true until the transaction of `query` ends. */
  binding(wishes: Wishes, query: Query): Promise<CheckoutQuote> {
    return this.quote(wishes, query, (skuIds) => this.skus.lock(skuIds, query));
  }

  private async quote(
    wishes: Wishes,
    query: Query,
    read: (skuIds: string[]) => Promise<Sku[]>,
  ): Promise<CheckoutQuote> {
    const { items } = wishes;
    const now = await this.promotions.now(query);
    const promotions = await this.promotions.active(query);
    const itemIds = items.map(({ skuId }) => skuId);
    const giftIds = await this.giftsFor(itemIds, promotions, now, query);
    const skus = new Map((await read([...new Set([...itemIds, ...giftIds])])).map((sku) => [sku.skuId, sku]));
    const promoted = promote({
      lines: items.flatMap((item) => toLine(item, skus.get(item.skuId))),
      promotions,
      now,
      declineGifts: new Set(wishes.declineGifts),
      giftStock: (skuId) => unitsOnShelf(skus.get(skuId)),
    });
    const wanted = await this.wanted(wishes, promoted, now, query);
    const { quote, problems } = applyCoupons(promoted, wanted, now);
    const used = new Map(quote.coupons.map((coupon) => [coupon.couponId, coupon]));
    // As the shopper named them.
    const coupons = wanted.flatMap(({ couponId }) => used.get(couponId) ?? []);
    const couponIds = coupons.map(({ couponId }) => couponId);
    return {
      quote: { ...quote, coupons },
      skus,
      consent: quoteOf({ items, gifts: quote.gifts, couponIds }),
      requirements: [
        ...(await this.faultsOf(wishes, skus, query)),
        // A coupon that takes nothing off is in the way of nothing: it is left out, and kept.
        ...problems.filter(({ code }) => code !== 'NO_DISCOUNT').map(toCouponDetail),
        ...(await this.limits.excess(wishes.userId, quote.totals.payable, query)),
      ],
    };
  }

  /** Gifts that these items may bring: an order must not wait for those of other carts. */
  private async giftsFor(
    skuIds: readonly string[],
    promotions: readonly Promotion[],
    now: number,
    query: Query,
  ): Promise<string[]> {
    const giving = promotions.flatMap((one) => (one.kind === 'full_gift' && holds(one, now) ? one : []));
    if (giving.length === 0) return [];
    const places = await this.skus.find(skuIds, query);
    const ours = giving.filter(({ scope }) => places.some((place) => covers(scope, place)));
    return ours.map(({ gift }) => gift.skuId);
  }

  private async faultsOf(
    { userId, items }: Wishes,
    skus: ReadonlyMap<string, Sku>,
    query: Query,
  ): Promise<ErrorDetail[]> {
    const found = items.flatMap(({ skuId }) => skus.get(skuId) ?? []);
    const held = await this.limits.held(userId, found, query);
    return items.flatMap(
      ({ skuId, quantity }) => this.inventory.faultOf(skuId, skus.get(skuId) ?? null, quantity, held.get(skuId)) ?? [],
    );
  }

  /** The coupons to be used. Throws COUPON_NOT_FOUND for one the user has not. */
  private async wanted({ userId, couponIds }: Wishes, promoted: Quote, now: number, query: Query) {
    if (couponIds.length === 0) return [];
    const owned = userId === undefined ? [] : await this.coupons.owned(userId, query);
    const ids = couponIds === 'best' ? bestCoupons(promoted, owned, now).couponIds : couponIds;
    return ids.map((couponId) => {
      const coupon = owned.find((one) => one.couponId === couponId);
      if (!coupon) throw new AppError('COUPON_NOT_FOUND', [{ code: 'COUPON_NOT_FOUND', couponId }]);
      return coupon;
    });
  }
}

/** What is gone has no price. */
function toLine({ skuId, quantity }: CartItem, sku: Sku | undefined): PricedLine[] {
  return sku && sku.status !== 'gone' ? [{ skuId, quantity, shopId: sku.shopId, price: sku.price }] : [];
}

function unitsOnShelf(sku: Sku | undefined): number {
  return sku?.status === 'on' ? sku.stock : 0;
}
