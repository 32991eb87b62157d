import { CartItem, fromCents, fromDateTime, ProductSnapshot, toCents } from '@app/database';
import type { Gift } from '@app/pricing';
import { CartState, NewOrder, Order, OrderLine, OrderStatus, RestoredItem } from './order.js';

type Json<T> = T | string;

/** A row of `orders` as the driver returns it: bigints and decimals as text, JSON as text or parsed. */
export interface OrderRow {
  order_id: string;
  user_id: string;
  status: OrderStatus;
  currency: string;
  goods: string;
  promotion_discount: string;
  coupon_discount: string;
  payable: string;
  coupon_ids: Json<string[]>;
  gifts: Json<Gift[]>;
  created_at: string;
  expires_at: string;
  closed_at: string | null;
  cart_state: CartState;
  restored: Json<RestoredItem[]> | null;
  to_be_told: number;
  is_overdue: number | string;
}

export interface OrderItemRow {
  order_id: string;
  sku_id: string;
  quantity: number;
  price: string;
  goods: string;
  promotion_discount: string;
  coupon_discount: string;
  payable: string;
  snapshot: Json<ProductSnapshot>;
  item: Json<CartItem>;
}

export const ORDER_COLUMNS = `order_id, user_id, status, currency, goods, promotion_discount, coupon_discount, payable,
  coupon_ids, gifts, created_at, expires_at, closed_at, cart_state, restored, to_be_told, expires_at <= UTC_TIMESTAMP(3) AS is_overdue`;
export const ITEM_COLUMNS = `order_id, sku_id, quantity, price, goods, promotion_discount, coupon_discount, payable,
  snapshot, item`;

export function toOrder(row: OrderRow, items: readonly OrderItemRow[]): Order {
  return {
    orderId: String(row.order_id),
    userId: String(row.user_id),
    status: row.status,
    currency: row.currency,
    totals: toAmounts(row),
    couponIds: parse(row.coupon_ids),
    gifts: parse(row.gifts),
    createdAt: fromDateTime(row.created_at),
    expiresAt: fromDateTime(row.expires_at),
    closedAt: row.closed_at === null ? null : fromDateTime(row.closed_at),
    isOverdue: Number(row.is_overdue) === 1,
    cartState: row.cart_state,
    restored: row.restored === null ? null : parse(row.restored),
    isToBeTold: row.to_be_told === 1,
    lines: items.map(toLine),
  };
}

function toLine(row: OrderItemRow): OrderLine {
  return {
    skuId: String(row.sku_id),
    quantity: row.quantity,
    price: toCents(row.price),
    ...toAmounts(row),
    snapshot: parse(row.snapshot),
    item: parse(row.item),
  };
}

function toAmounts(row: Pick<OrderRow, 'goods' | 'promotion_discount' | 'coupon_discount' | 'payable'>) {
  return {
    goods: toCents(row.goods),
    promotionDiscount: toCents(row.promotion_discount),
    couponDiscount: toCents(row.coupon_discount),
    payable: toCents(row.payable),
  };
}

/** MariaDB keeps JSON as text, MySQL's driver has it parsed. */
function parse<T>(json: Json<T>): T {
  return typeof json === 'string' ? (JSON.parse(json) as T) : json;
}

type Amounts = Pick<OrderLine, 'goods' | 'promotionDiscount' | 'couponDiscount' | 'payable'>;

function amounts({ goods, promotionDiscount, couponDiscount, payable }: Amounts): string[] {
  return [goods, promotionDiscount, couponDiscount, payable].map(fromCents);
}

export function orderParameters(order: NewOrder): unknown[] {
  const { userId, status, currency, totals, couponIds, gifts } = order;
  return [userId, status, currency, ...amounts(totals), JSON.stringify(couponIds), JSON.stringify(gifts)];
}

export function itemParameters(orderId: string, userId: string, line: OrderLine): unknown[] {
  const { skuId, quantity, price, snapshot, item } = line;
  const texts = [JSON.stringify(snapshot), JSON.stringify(item)];
  return [orderId, skuId, userId, quantity, fromCents(price), ...amounts(line), ...texts, item.version];
}
