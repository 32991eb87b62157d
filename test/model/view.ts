import { Cart, Item, Shop } from './cart.js';
import { invalidReasonOf, maximumOf, Sku } from './catalogue.js';
import { AnyOrder, TimeOf } from './match.js';

/** How a cart shows: the body of an answer, in the contract's words. */

export type Group = 'shop' | 'none';

export const money = (cents: number) => `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
export const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
export const quantityOf = (items: readonly { quantity: number }[]) => sum(items.map((item) => item.quantity));

/** The stored counters: by the stored flags, invalid items included. */
export function badgeOf({ items }: Cart) {
  const selected = items.filter((item) => item.selected);
  return {
    skus: items.length,
    quantity: quantityOf(items),
    selectedSkus: selected.length,
    selectedQuantity: quantityOf(selected),
  };
}

export function cartBody(owner: object, cart: Cart, shop: Omit<Shop, 'stamp'>, group: Group) {
  const { catalogue, settings } = shop;
  const items = cart.items.map((item) => itemBody(item, catalogue.get(item.skuId), shop));
  const counted = items.filter((item) => item.selected);
  const goods = money(sum(counted.map((item) => catalogue.get(item.skuId)!.price * item.quantity)));
  return {
    owner,
    version: cart.version,
    currency: settings.currency,
    stale: false,
    badge: badgeOf(cart),
    items,
    groups: group === 'shop' ? groupsOf(items, shop) : [],
    invalidItems: items.filter((item) => !item.valid).map((item) => item.skuId),
    totals: {
      skus: counted.length,
      quantity: quantityOf(counted),
      goods,
      promotionDiscount: '0.00',
      couponDiscount: '0.00',
      payable: goods,
      gifts: [],
    },
    limits: { maxSkus: settings.maxSkus, maxQuantityPerSku: settings.maxQuantityPerSku },
    warnings: [
      // What an order gives back comes over the limit too.
      ...(items.length > settings.maxSkus
        ? [{ code: 'CART_FULL', target: {}, data: { maximum: settings.maxSkus } }]
        : []),
      ...items
        .filter((item) => item.valid && item.stock.state === 'low')
        .map(({ skuId, stock }) => ({ code: 'LOW_STOCK', target: { skuId }, data: { available: stock.available } })),
    ],
  };
}

type ItemBody = ReturnType<typeof itemBody>;

function itemBody(item: Item, sku: Sku | undefined, { catalogue, settings }: Omit<Shop, 'stamp'>) {
  const invalidReason = invalidReasonOf(sku);
  const valid = invalidReason === null;
  // As it is now, or as it was last.
  const last = catalogue.lastOf(item.skuId)!;
  const { shopId, skuCode, spuId } = last;
  return {
    skuId: item.skuId,
    skuCode,
    spuId,
    shopId,
    quantity: item.quantity,
    selected: item.selected && valid,
    addPrice: money(item.addPrice),
    price: sku ? money(sku.price) : null,
    priceChange: sku ? priceChange(item.addPrice, sku.price) : null,
    stock: stockBody(sku, settings.lowStockThreshold),
    limits: { maximum: maximumOf(sku, settings) },
    valid,
    invalidReason,
    problems: new AnyOrder(problemsOf(item, sku, valid, maximumOf(sku, settings))),
    snapshot: productOf(last),
    addedAt: new TimeOf(item.position.version),
    updatedAt: new TimeOf(item.version),
    version: item.version,
  };
}

export function productOf({ name, image, spec, shopId, skuCode }: Sku) {
  return { name, image, spec, shopId, skuCode };
}

function priceChange(added: number, live: number) {
  if (added === live) return null;
  return { direction: live > added ? 'up' : 'down', amount: money(Math.abs(live - added)) };
}

function stockBody(sku: Sku | undefined, lowStockThreshold: number) {
  const available = sku?.stock ?? 0;
  const isLow = available <= (sku?.lowStockThreshold ?? lowStockThreshold);
  return { state: available === 0 ? 'out' : isLow ? 'low' : 'in_stock', available };
}

function problemsOf({ quantity }: Item, sku: Sku | undefined, valid: boolean, maximum: number): object[] {
  const problems: object[] = [];
  if (valid && quantity > sku!.stock) problems.push({ code: 'INSUFFICIENT_STOCK', available: sku!.stock });
  if (quantity > maximum) problems.push({ code: 'QUANTITY_LIMIT', maximum, requested: quantity });
  return problems;
}

/** Items come newest first, so groups follow the newest item of each. */
function groupsOf(items: readonly ItemBody[], { catalogue }: Omit<Shop, 'stamp'>) {
  const shopIds = [...new Set(items.map((item) => item.shopId))];
  return shopIds.map((id) => {
    const members = items.filter((item) => item.shopId === id);
    const valid = members.filter((item) => item.valid);
    const selected = valid.filter((item) => item.selected);
    const known = members.map((item) => catalogue.lastOf(item.skuId)!.shopName).find((name) => name !== '');
    return {
      kind: 'shop',
      id,
      name: known ?? '',
      selection: selected.length === 0 ? 'none' : selected.length === valid.length ? 'all' : 'some',
      skuIds: members.map((item) => item.skuId),
      promotions: [],
    };
  });
}
