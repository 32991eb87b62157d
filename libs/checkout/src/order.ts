import { latestFirst, type OrderedItem } from '@app/cart';
import type { ProductSnapshot } from '@app/database';
import type { Gift, Quote } from '@app/pricing';

/**
 * `placing`: everything is reserved, and the shop's own order service has not answered yet; `failed`: it refused. Of
 * these two a shopper hears nothing but the outcome.
 */
export type OrderStatus = 'placing' | 'pending' | 'paid' | 'cancelled' | 'expired' | 'failed';

/**
 * What the cart still has to do with an order: give the items up (`take`), get them back, or no more. `return`: of an order
 * whose items may be in the cart still; `restore`: of one that was `taken`.
 */
export type CartState = 'none' | 'take' | 'taken' | 'return' | 'restore' | 'settled';

/** Whether items of the order are to come back into the cart. */
export function isReturning({ cartState }: Pick<Order, 'cartState'>): boolean {
  return cartState === 'return' || cartState === 'restore';
}

/** So much of one SKU. Amounts in cents. */
export interface OrderLine extends OrderedItem {
  skuId: string;
  price: number;
  goods: number;
  promotionDiscount: number;
  couponDiscount: number;
  payable: number;
  /** The product as it was when it was ordered. */
  snapshot: ProductSnapshot;
}

/** What came back into the cart of one ordered SKU, when the order came to nothing. */
export interface RestoredItem {
  skuId: string;
  quantity: number;
  outcome: 'restored' | 'clipped' | 'rejected';
}

/** An order before it has a number. */
export interface NewOrder {
  userId: string;
  /** `paid`: there is nothing to pay. */
  status: 'placing' | 'pending' | 'paid';
  currency: string;
  totals: Quote['totals'];
  couponIds: string[];
  gifts: Gift[];
  lines: OrderLine[];
}

/** Times in ms since 1970. */
export interface Order extends Omit<NewOrder, 'status'> {
  orderId: string;
  status: OrderStatus;
  cartState: CartState;
  createdAt: number;
  expiresAt: number;
  /** When it was paid, cancelled or expired. */
  closedAt: number | null;
  /** Its time to be paid is over, by MySQL's clock. */
  isOverdue: boolean;
  restored: RestoredItem[] | null;
  /** The shop's order service has still to hear that it is closed. */
  isToBeTold: boolean;
}

/** As the cart shows them. */
export function newestFirst(lines: readonly OrderLine[]): OrderLine[] {
  return [...lines].sort((a, b) => latestFirst(a.item, b.item));
}

/** How many units an order takes out of stock, gifts included. */
export function unitsOf({ lines, gifts }: Pick<NewOrder, 'lines' | 'gifts'>): Map<string, number> {
  const units = new Map<string, number>();
  for (const { skuId, quantity } of [...lines, ...gifts]) units.set(skuId, (units.get(skuId) ?? 0) + quantity);
  return units;
}

/** What came back, in words, by how much of each SKU did. */
export function toRestored(lines: readonly OrderLine[], quantities: ReadonlyMap<string, number>): RestoredItem[] {
  return lines.map(({ skuId, quantity: ordered }) => {
    const quantity = quantities.get(skuId) ?? 0;
    const outcome = quantity >= ordered ? 'restored' : quantity > 0 ? 'clipped' : 'rejected';
    return { skuId, quantity, outcome };
  });
}
