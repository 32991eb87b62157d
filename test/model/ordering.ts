import { byPosition, Cart, commit, isValid, Item, Shop } from './cart.js';
import { Catalogue, invalidReasonOf, Refusal, refusalOf, Sku } from './catalogue.js';
import { Learned, Open, Partly } from './match.js';
import { Operation } from './requests.js';
import { money, productOf, quantityOf, sum } from './view.js';

/**
 * What a cart comes to, the orders made of it and what they give back. The SKUs of the model have neither promotions nor
 * coupons.
 */

export interface Order {
  /** Whose: a name of the world. */
  owner: string;
  /** Newest first. */
  lines: readonly Line[];
  status: 'pending' | 'paid' | 'cancelled';
}

interface Line {
  item: Item;
  /** Cents, of one unit. */
  price: number;
  /** The product as it was when it was ordered. */
  snapshot: object;
}

type Some = { skuId: string; quantity: number };
type Shelf = Omit<Shop, 'stamp'>;

/** What a quote stands for: two are the same text when this is, and only then. */
export const contentOf = (items: readonly Some[]) =>
  items
    .map(({ skuId, quantity }) => `${skuId}×${quantity}`)
    .sort()
    .join();

/** The items a shopper has selected: those to order, and those that cannot be bought now. */
function selectionOf(cart: Cart, shelf: Shelf) {
  const selected = cart.items.filter((item) => item.selected);
  return {
    items: selected.filter((item) => isValid(item, shelf)),
    withheld: selected.filter((item) => !isValid(item, shelf)),
  };
}

/** Units of unpaid orders count against the purchase limit; the limit of the service is about adding alone. */
function faultsOf(items: readonly Item[], { catalogue, settings }: Shelf, unpaid: readonly Order[] = []): Refusal[] {
  const ordered = unpaid.flatMap(({ lines }) => lines.map(({ item }) => item));
  return items.flatMap(({ skuId, quantity }) => {
    const sku = catalogue.get(skuId);
    const requested = quantity + quantityOf(ordered.filter((item) => item.skuId === skuId));
    const maximum = sku?.purchaseLimit ?? Infinity;
    if (sku?.status === 'on' && requested > maximum) return { code: 'QUANTITY_LIMIT', skuId, maximum, requested };
    return refusalOf(skuId, sku, quantity, { ...settings, maxQuantityPerSku: Infinity }) ?? [];
  });
}

const payableOf = (items: readonly Item[], catalogue: Catalogue) =>
  sum(items.map(({ skuId, quantity }) => catalogue.get(skuId)!.price * quantity));

/** Orders that cost nothing wait for no payment, so that they are none of the unpaid ones. */
function excessOf(items: readonly Item[], { catalogue, settings }: Shelf, unpaid: readonly Order[]): Refusal[] {
  const maximum = settings.maxPendingOrders;
  if (payableOf(items, catalogue) === 0 || unpaid.length < maximum) return [];
  return [{ code: 'TOO_MANY_ORDERS', maximum }];
}

/** Why there is nothing to order. */
function obstaclesOf(withheld: readonly Item[], shelf: Shelf): Refusal[] {
  return withheld.length > 0 ? faultsOf(withheld, shelf) : [{ code: 'NOTHING_SELECTED' }];
}

export function previewBody(cart: Cart, shelf: Shelf, unpaid: readonly Order[]) {
  const { items, withheld } = selectionOf(cart, shelf);
  const requirements = [
    ...(items.length === 0 ? obstaclesOf(withheld, shelf) : []),
    ...faultsOf(items, shelf, unpaid),
    ...excessOf(items, shelf, unpaid),
  ];
  const lines = items.map((item) => ({ item, price: shelf.catalogue.get(item.skuId)!.price }));
  return {
    totals: totalsOf(lines),
    items: lines.map(lineBody),
    gifts: [],
    couponIds: [],
    requirements: requirements.map((one) => new Partly(one, ['requested', 'available'])),
    leftOut: withheld.map(({ skuId }) => ({ skuId, reason: invalidReasonOf(shelf.catalogue.get(skuId)) })),
    quote: new Learned(`quote of ${contentOf(items)}`),
    warnings: [],
  };
}

/** Why a checkout is refused, in the order in which it is looked at; empty: it is not. */
export function refusalsOf(
  wish: Extract<Operation, { op: 'checkout' }>,
  cart: Cart,
  shelf: Shelf,
  unpaid: readonly Order[],
): Refusal[] {
  const { items: seen, quoteOf } = wish;
  const { items, withheld } = selectionOf(cart, shelf);
  const changed: Refusal[] = [{ code: 'CART_CHANGED' }];
  const isOf = (...some: readonly Item[]) => quoteOf === undefined || quoteOf === contentOf(some);
  if (seen && contentOf(seen) !== contentOf(items)) {
    // The cart is what was seen, and something in it cannot be bought any more.
    const skuIds = new Set(seen.map(({ skuId }) => skuId));
    const selected = [...items, ...withheld].filter((item) => skuIds.has(item.skuId) || items.includes(item));
    return contentOf(seen) === contentOf(selected) ? faultsOf(selected, shelf) : changed;
  }
  if (items.length === 0) return isOf() || isOf(...withheld) ? obstaclesOf(withheld, shelf) : changed;
  const excess = excessOf(items, shelf, unpaid);
  if (excess.length > 0) return excess;
  const faults = faultsOf(items, shelf, unpaid);
  if (!isOf(...items)) return isOf(...items, ...withheld) ? [...faultsOf(withheld, shelf), ...faults] : changed;
  if (faults.length > 0) return faults;
  const payable = money(payableOf(items, shelf.catalogue));
  const { expectedPayable } = wish;
  if (Number(payable) <= Number(expectedPayable)) return [];
  return [{ code: 'PRICE_CHANGED', expectedPayable, payable }];
}

/** The selected items leave the cart and the stock. It is no removal: no undo brings them back. */
export function order(owner: string, cart: Cart, { catalogue, settings, stamp }: Shop) {
  const { items } = selectionOf(cart, { catalogue, settings });
  const lines = items.map((item): Line => {
    const sku = catalogue.get(item.skuId)!;
    return { item, price: sku.price, snapshot: productOf(sku) };
  });
  const left = new Map(cart.items.filter((item) => !items.includes(item)).map((item) => [item.skuId, item]));
  const status = payableOf(items, catalogue) === 0 ? 'paid' : 'pending';
  const made: Order = { owner, lines, status };
  return { made, cart: commit(cart, left, stamp), catalogue: stocked(catalogue, lines, -1) };
}

/** All of it comes back, over the limits too: onto what is there it adds up, else it is what it was. */
export function giveBack({ lines }: Order, cart: Cart, { catalogue, stamp }: Shop) {
  const items = new Map(cart.items.map((item) => [item.skuId, item]));
  for (const { item } of lines) {
    const there = items.get(item.skuId);
    items.set(item.skuId, there ? { ...there, quantity: there.quantity + item.quantity } : item);
  }
  return { cart: commit(cart, items, stamp), catalogue: stocked(catalogue, lines, 1) };
}

function stocked(catalogue: Catalogue, lines: readonly Line[], sign: 1 | -1): Catalogue {
  return lines.reduce((shelf, { item: { skuId, quantity } }) => {
    const sku: Sku | undefined = shelf.get(skuId);
    return sku ? shelf.with({ ...sku, stock: sku.stock + sign * quantity }) : shelf;
  }, catalogue);
}

/** @param name what the order is called in the world, by which its id and times are known */
export function orderBody({ lines, status }: Order, name: string, currency: string) {
  const sorted = [...lines].sort((a, b) => byPosition(a.item, b.item));
  return {
    orderId: new Learned(`id of ${name}`),
    status,
    items: sorted.map((line) => ({ ...lineBody(line), price: money(line.price), snapshot: line.snapshot })),
    gifts: [],
    totals: totalsOf(lines),
    couponIds: [],
    createdAt: new Learned(`time of ${name}`),
    expiresAt: TIME,
    currency,
  };
}

const TIME = new Open((value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)), 'a time');

function lineBody({ item: { skuId, quantity }, price }: Pick<Line, 'item' | 'price'>) {
  return { skuId, quantity, ...amountsOf(price * quantity) };
}

function totalsOf(lines: readonly Pick<Line, 'item' | 'price'>[]) {
  const items = lines.map(({ item }) => item);
  const goods = sum(lines.map(({ item, price }) => price * item.quantity));
  return { skus: items.length, quantity: quantityOf(items), ...amountsOf(goods), gifts: [] };
}

function amountsOf(goods: number) {
  return { goods: money(goods), promotionDiscount: '0.00', couponDiscount: '0.00', payable: money(goods) };
}
