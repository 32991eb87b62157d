import { Injectable } from '@nestjs/common';
import { AppError, Env } from '@app/common';
import { CartItem, Query } from '@app/database';
import { Catalogue, Sku, SkuTable } from '@app/inventory-check';
import { UserCouponTable } from '@app/pricing';
import { ShopperEvents } from '@app/sync';
import { NewOrder, Order, unitsOf } from './order.js';
import { OrderGateway } from './order.gateway.js';
import { CheckoutQuote, OrderRequest } from './quotes.js';

/** What an order holds: made of a quote, taken out of stock, and put back. */
@Injectable()
export class OrderParts {
  constructor(
    private readonly env: Env,
    private readonly skus: SkuTable,
    private readonly coupons: UserCouponTable,
    private readonly catalogue: Catalogue,
    private readonly gateway: OrderGateway,
    private readonly events: ShopperEvents,
  ) {}

  /** Whether somebody else is to hear of what becomes of orders. */
  get isTold(): boolean {
    return !this.gateway.isImmediate;
  }

  toOrder({ userId, items }: OrderRequest, { quote, skus }: Pick<CheckoutQuote, 'quote' | 'skus'>): NewOrder {
    const itemOf = new Map(items.map((item) => [item.skuId, item]));
    return {
      userId,
      status: this.isTold ? 'placing' : quote.totals.payable === 0 ? 'paid' : 'pending',
      currency: this.env.CURRENCY,
      totals: quote.totals,
      couponIds: quote.coupons.map(({ couponId }) => couponId),
      gifts: quote.gifts,
      lines: quote.items.map(({ shopId: _, ...line }) => ({
        ...line,
        snapshot: snapshotOf(skus.get(line.skuId)!),
        item: itemOf.get(line.skuId) as CartItem,
      })),
    };
  }

  /** Takes an order's units and coupons; returns the SKUs as they are then. Throws when something is short. */
  async take(order: NewOrder, query: Query): Promise<Sku[]> {
    const units = unitsOf(order);
    const isTaken =
      (await this.skus.take(units, query)) && (await this.coupons.use(order.userId, order.couponIds, query));
    // They were looked at under the locks of this very transaction, so only a repeat can tell what has happened.
    if (!isTaken) throw new AppError('CART_BUSY', [], undefined, { retryAfter: 1 });
    return this.skus.find([...units.keys()], query);
  }

  /** Puts an order's units and coupons back; returns the SKUs as they are then. */
  async giveBack(order: NewOrder | Order, query: Query): Promise<Sku[]> {
    await this.coupons.giveBack(order.userId, order.couponIds, query);
    return this.skus.giveBack(unitsOf(order), query);
  }

  /** Tells, by the transaction that makes an order paid, that a cart has become it. */
  async converted(orderId: string, { userId, totals, lines }: NewOrder | Order, query: Query): Promise<void> {
    await this.events.converted([{ userId, orderId, total: totals.payable, items: lines }], query);
  }

  /** Shows everybody the stock that was committed. */
  publish(skus: readonly Sku[]): Promise<void> {
    return this.catalogue.publishCommitted(skus);
  }
}

function snapshotOf({ name, image, spec, shopId, skuCode }: Sku) {
  return { name, image, spec, shopId, skuCode };
}
