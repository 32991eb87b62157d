import { Injectable } from '@nestjs/common';
import { Env } from '@app/common';
import { CartItem, fromCents, toIso } from '@app/database';
import { CartLimits, Catalogue, InventoryCheck, Known, Sku, skusOf } from '@app/inventory-check';
import { CouponChoice, Place, PricedLine, PricingService, Quote, ShownQuote } from '@app/pricing';
import { GroupBy, toGroups } from './cart.groups.js';
import { CartOwner } from './cart.owner.js';
import {
  CartDto,
  CartItemDto,
  PriceChangeDto,
  ProblemDto,
  TotalsDto,
  UsedCouponDto,
  WarningDto,
} from './dto/cart.dto.js';
import { LiveCart } from './live-cart.js';
import { productOf } from './live-product.js';

export interface ViewOptions {
  group: GroupBy;
  /** Those that are put into the totals; none when left out. */
  coupons?: CouponChoice;
  /** The cart answers a change that is made: whatever coupons are asked for, it is not refused. */
  isAnswer?: boolean;
  /** The cart was read from MySQL because Redis is away. */
  stale?: boolean;
}

/** A cart as coupons look at it. */
export interface PricedCart {
  /** Of the selected items, without coupons. */
  quote: Quote;
  /** Every item, whether selected and valid or not. */
  places: Place[];
}

/** Cart and catalogue together as a shopper sees them. Nothing is ever written from here. */
@Injectable()
export class CartView {
  constructor(
    private readonly env: Env,
    private readonly catalogue: Catalogue,
    private readonly inventory: InventoryCheck,
    private readonly pricing: PricingService,
  ) {}

  /**
   * A coupon that brings nothing now is a warning. Throws `COUPON_NOT_FOUND` for one that is not the owner's and
   * `CHECKOUT_REJECTED` for two of one place, unless it is an answer.
   */
  async render(owner: CartOwner, cart: LiveCart, options: ViewOptions): Promise<CartDto> {
    const { group, stale = false } = options;
    const skuIds = cart.items.map((item) => item.skuId);
    const known = await (stale ? this.catalogue.lookUpInTable(skuIds) : this.catalogue.lookUp(skuIds));
    const items = cart.items.map((item) => this.toItemDto(item, known.get(item.skuId)));
    const skus = skusOf(known);
    const quote = await this.quote(owner, items, skus, options);
    const limits = this.inventory.limits();
    return {
      owner: owner.kind === 'user' ? { kind: 'user', id: owner.id } : { kind: 'guest' },
      version: cart.version,
      currency: this.env.CURRENCY,
      stale,
      badge: cart.badge,
      items,
      groups: toGroups(group, items, known, quote.promotions),
      invalidItems: items.filter((item) => !item.valid).map((item) => item.skuId),
      totals: toTotals(quote, options.coupons),
      limits,
      warnings: toWarnings(items, quote, limits),
    };
  }

  async price({ items }: LiveCart): Promise<PricedCart> {
    const known = await this.catalogue.lookUp(items.map(({ skuId }) => skuId));
    const shown = items.map((item) => this.toItemDto(item, known.get(item.skuId)));
    const places = shown.map(({ skuId, shopId }) => ({ skuId, shopId }));
    return { quote: await this.pricing.quote(toLines(shown, skusOf(known)).lines), places };
  }

  private quote(
    owner: CartOwner,
    items: readonly CartItemDto[],
    skus: ReadonlyMap<string, Sku | null>,
    { coupons, isAnswer, stale }: ViewOptions,
  ): Promise<ShownQuote> {
    const userId = owner.kind === 'user' ? owner.id : undefined;
    const { lines, unselected } = toLines(items, skus);
    return this.pricing.quote(lines, { unselected, coupons, userId, lenient: isAnswer, fromTable: stale });
  }

  private toItemDto(item: CartItem, known: Known | undefined): CartItemDto {
    const sku = known?.sku ?? null;
    const { snapshot, spuId } = productOf(item, known);
    const invalidReason = this.inventory.invalidReasonOf(sku);
    const stock = this.inventory.availabilityOf(sku);
    const maximum = this.inventory.maximumOf(sku);
    return {
      skuId: item.skuId,
      skuCode: snapshot.skuCode,
      spuId,
      shopId: snapshot.shopId,
      quantity: item.quantity,
      selected: item.selected && invalidReason === null,
      addPrice: fromCents(item.addPrice),
      price: sku ? fromCents(sku.price) : null,
      priceChange: sku ? toPriceChange(item.addPrice, sku.price) : null,
      stock,
      limits: { maximum },
      valid: invalidReason === null,
      invalidReason,
      problems: toProblems(item.quantity, maximum, invalidReason === null ? stock.available : null),
      snapshot,
      addedAt: toIso(item.addedAt),
      updatedAt: toIso(item.changedAt),
      version: item.version,
    };
  }
}

/** The valid items at their live prices. */
function toLines(items: readonly CartItemDto[], skus: ReadonlyMap<string, Sku | null>) {
  const lines: PricedLine[] = [];
  const unselected: PricedLine[] = [];
  for (const { skuId, quantity, selected, valid } of items) {
    if (!valid) continue;
    const { shopId, price } = skus.get(skuId)!;
    (selected ? lines : unselected).push({ skuId, shopId, quantity, price });
  }
  return { lines, unselected };
}

function toPriceChange(added: number, live: number): PriceChangeDto | null {
  if (live === added) return null;
  return { direction: live > added ? 'up' : 'down', amount: fromCents(Math.abs(live - added)) };
}

function toProblems(quantity: number, maximum: number, available: number | null): ProblemDto[] {
  const problems: ProblemDto[] = [];
  if (available !== null && quantity > available) problems.push({ code: 'INSUFFICIENT_STOCK', available });
  if (quantity > maximum) problems.push({ code: 'QUANTITY_LIMIT', maximum, requested: quantity });
  return problems;
}

function toWarnings(items: readonly CartItemDto[], quote: ShownQuote, { maxSkus }: CartLimits): WarningDto[] {
  const full: WarningDto = { code: 'CART_FULL', target: {}, data: { maximum: maxSkus } };
  return [
    ...(items.length > maxSkus ? [full] : []),
    ...items.flatMap(toStockWarning),
    ...quote.missingGifts.map(toGiftWarning),
    ...quote.unusedCoupons.map(toCouponWarning),
  ];
}

function toStockWarning(item: CartItemDto): WarningDto[] {
  if (item.stock.state !== 'low' || !item.valid) return [];
  return [{ code: 'LOW_STOCK', target: { skuId: item.skuId }, data: { available: item.stock.available } }];
}

/** A gift that is promised and out of stock, of a promotion that is reached. */
export function toGiftWarning({ promotionId, skuId }: Quote['missingGifts'][number]): WarningDto {
  return { code: 'GIFT_UNAVAILABLE', target: { promotionId, skuId }, data: { promotionId, skuId } };
}

function toCouponWarning({ couponId, code, gap }: ShownQuote['unusedCoupons'][number]): WarningDto {
  return { code, target: { couponId }, data: gap === null ? {} : { gap: fromCents(gap) } };
}

/** Of the valid, selected items. */
function toTotals({ items, totals, gifts, coupons }: Quote, choice: CouponChoice = 'none'): TotalsDto {
  return {
    skus: items.length,
    quantity: items.reduce((sum, item) => sum + item.quantity, 0),
    goods: fromCents(totals.goods),
    promotionDiscount: fromCents(totals.promotionDiscount),
    couponDiscount: fromCents(totals.couponDiscount),
    payable: fromCents(totals.payable),
    gifts,
    ...(choice === 'none' ? {} : { coupons: coupons.map(toCouponDto) }),
  };
}

function toCouponDto({ couponId, discount }: Quote['coupons'][number]): UsedCouponDto {
  return { couponId, discount: fromCents(discount) };
}
