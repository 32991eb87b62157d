import { Injectable } from '@nestjs/common';
import { CartOwner } from '@app/cart';
import { AppError } from '@app/common';
import { CartItem } from '@app/database';
import { SyncService } from '@app/sync';
import { CheckoutClaim, CheckoutTable } from './checkout.table.js';
import { isOfItems } from './consent.js';
import { OrderTable } from './order.table.js';
import { OrdersInCart } from './orders-in-cart.js';
import { OrderRequest } from './quotes.js';
import { Refusals } from './refusals.js';
import { rejected, Selection, Selections } from './selection.js';

interface SeenItem {
  skuId: string;
  quantity: number;
}

/** What the shopper asks for. `items`: what they saw selected; `expectedPayable` in cents. */
export interface CheckoutWish {
  couponIds: readonly string[] | 'best';
  declineGifts: readonly string[];
  expectedPayable: number;
  items: readonly SeenItem[] | undefined;
  /** Of the preview the shopper has seen. */
  quote: string | undefined;
  /** Versions of the cart that are accepted; all of them when left out. */
  ifMatch: readonly string[] | undefined;
}

/** What is to be ordered, and the user's latest order that the cart knew of. */
export interface CartSnapshot {
  items: CartItem[];
  withheld: OrderRequest['withheld'];
  afterOrder: string;
}

/** The cart as it is to be ordered, kept before the order is made. */
@Injectable()
export class CheckoutSnapshots {
  constructor(
    private readonly checkouts: CheckoutTable,
    private readonly orders: OrderTable,
    private readonly inCart: OrdersInCart,
    private readonly selections: Selections,
    private readonly refusals: Refusals,
    private readonly sync: SyncService,
  ) {}

  /**
   * Reads what is selected, when the cart is without what was ordered before, and writes the cart to MySQL.
   * Throws what the cart itself has against the wish.
   */
  async take(owner: CartOwner, claim: CheckoutClaim, wish: CheckoutWish): Promise<CartSnapshot> {
    // Before the cart is read: of an order that is made after this the cart may not know, and the transaction finds it.
    const { latest: afterOrder, isPlacing } = await this.orders.standing(owner.id);
    if (isPlacing) throw new AppError('CART_BUSY', [], 'Another order of this user is being placed', { retryAfter: 1 });
    const taken = await this.inCart.takeOwed(owner.id);
    const selection = await this.selections.of(owner);
    const { cart, items, obstacles } = selection;
    if (wish.ifMatch && !wish.ifMatch.includes(cart.version)) {
      throw new AppError('VERSION_MISMATCH', [], undefined, { extra: { cart: await this.selections.show(owner) } });
    }
    if (wish.items && !isSame(wish.items, items)) throw await this.changed(owner, wish, selection);
    if (items.length === 0) {
      if (isOfOthers(wish, selection)) throw await this.refusals.changed(owner.id, wish);
      throw rejected(obstacles);
    }
    const { version } = await this.sync.sync(owner.id, 'checkout');
    await this.inCart.confirmTaken(taken, version);
    if (!(await this.checkouts.persisted(claim, cart))) throw new AppError('IDEMPOTENCY_IN_PROGRESS');
    const { withheld, faults } = selection;
    const skuIds = new Set(withheld.map(({ skuId }) => skuId));
    const why = faults.filter(({ skuId }) => skuIds.has(skuId!));
    return { items, withheld: { items: withheld, faults: why }, afterOrder };
  }

  /**
   * Why what the shopper saw cannot be ordered: the cart is another one, or it is the same and something in it cannot be
   * bought any more. Who is late for the last unit learns it whether or not a cache knows already.
   */
  private async changed(owner: CartOwner, wish: CheckoutWish, selection: Selection): Promise<AppError> {
    const { items, withheld, faults } = selection;
    const seen = wish.items!;
    const skuIds = new Set(seen.map(({ skuId }) => skuId));
    const selected = [...items, ...withheld.filter(({ skuId }) => skuIds.has(skuId))];
    if (!isSame(seen, selected)) return this.refusals.changed(owner.id, wish);
    return rejected(faults.filter(({ skuId }) => skuIds.has(skuId!)));
  }
}

/** Of a cart in which nothing can be bought: whether its quote is of something else. */
function isOfOthers({ quote }: CheckoutWish, { items, withheld }: Selection): boolean {
  return quote !== undefined && !isOfItems(quote, items) && !isOfItems(quote, withheld);
}

function isSame(seen: readonly SeenItem[], items: readonly CartItem[]): boolean {
  const quantities = new Map(seen.map(({ skuId, quantity }) => [skuId, quantity]));
  return (
    seen.length === items.length &&
    quantities.size === items.length &&
    items.every(({ skuId, quantity }) => quantities.get(skuId) === quantity)
  );
}
