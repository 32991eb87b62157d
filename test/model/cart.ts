import { Catalogue, invalidReasonOf, maximumOf, Refusal, refusalOf, Settings } from './catalogue.js';
import { Operation } from './requests.js';

/**
 * A cart and what each change makes of it, as plain values: nothing is changed in place, so that a search may try one
 * continuation after another.
 */

/** Where an item stands: newer ones first, later ones of one call before earlier ones. */
export interface Position {
  version: string;
  index: number;
}

export interface Item {
  skuId: string;
  quantity: number;
  /** The stored flag, which an invalid item keeps. */
  selected: boolean;
  /** Cents. */
  addPrice: number;
  position: Position;
  /** The change that touched it last. */
  version: string;
}

export interface Cart {
  version: string;
  /** Newest first. */
  items: readonly Item[];
  /** What the latest removal took, while it may come back. */
  undo: readonly Item[] | null;
}

export const EMPTY_CART: Cart = { version: '0', items: [], undo: null };

export interface Shop {
  catalogue: Catalogue;
  settings: Settings;
  /** The version a change made now gets: the service's choice, so the caller knows it from the answer. */
  stamp: string;
}

/** What is particular to one request, beside the cart. */
export interface Own {
  results?: readonly object[];
  merge?: object;
}

export interface Change {
  cart: Cart;
  refused?: readonly Refusal[];
  own?: Own;
}

type Write<Op extends Operation['op']> = Extract<Operation, { op: Op }>;
type Items = Map<string, Item>;

const refuse = (cart: Cart, ...refused: Refusal[]): Change => ({ cart, refused });

const toItems = (cart: Cart): Items => new Map(cart.items.map((item) => [item.skuId, item]));

export function byPosition(a: Item, b: Item): number {
  const difference = BigInt(b.position.version) - BigInt(a.position.version);
  return difference === 0n ? b.position.index - a.position.index : difference > 0n ? 1 : -1;
}

/** Stamps what differs from before; when nothing does, it is the very same cart, with its version. */
export function commit(cart: Cart, items: Items, stamp: string, undo = cart.undo): Cart {
  const before = toItems(cart);
  const changed = [...items.values()].filter((item) => !isSame(item, before.get(item.skuId)));
  const isRemoval = cart.items.some((item) => !items.has(item.skuId));
  if (changed.length === 0 && !isRemoval) return cart;
  for (const item of changed) items.set(item.skuId, { ...item, version: stamp });
  return { version: stamp, items: [...items.values()].sort(byPosition), undo };
}

function isSame(a: Item, b: Item | undefined): boolean {
  return b !== undefined && a.quantity === b.quantity && a.selected === b.selected && a.position === b.position;
}

export function apply(cart: Cart, operation: Operation, shop: Shop): Change {
  switch (operation.op) {
    case 'add':
      return add(cart, operation, shop);
    case 'batch':
      return batch(cart, operation, shop);
    case 'update':
      return update(cart, operation, shop);
    case 'spec':
      return changeSpec(cart, operation, shop);
    case 'delete':
      return { cart: removed(cart, new Set([operation.skuId]), shop) };
    case 'remove':
      return { cart: removed(cart, new Set(operation.skuIds), shop) };
    case 'clear':
      return { cart: removed(cart, new Set(cart.items.map((item) => item.skuId)), shop) };
    case 'clear-invalid':
      return { cart: removed(cart, new Set(cart.items.filter((item) => !isValid(item, shop)).map(idOf)), shop) };
    case 'undo':
      return undo(cart, shop);
    case 'select':
      return { cart: select(cart, operation, shop) };
    case 'read':
    case 'badge':
      return { cart };
    case 'merge':
    case 'malformed':
    case 'preview':
    case 'checkout':
    case 'cancel':
    case 'pay':
      throw new Error(`${operation.op} is not about one cart`);
  }
}

const idOf = (item: Item) => item.skuId;

export function isValid(item: Item, { catalogue }: Pick<Shop, 'catalogue'>): boolean {
  return invalidReasonOf(catalogue.get(item.skuId)) === null;
}

/** What may be added of one SKU, given the items already there; puts it into `items` unless it is refused. */
function take(
  items: Items,
  wanted: { skuId: string; quantity: number; selected?: boolean },
  index: number,
  { catalogue, settings, stamp }: Shop,
): (Refusal & { skuId: string }) | null {
  const { skuId, quantity, selected = true } = wanted;
  const sku = catalogue.get(skuId);
  const was = items.get(skuId);
  const sum = (was?.quantity ?? 0) + quantity;
  const refusal = refusalOf(skuId, sku, sum, settings);
  if (refusal) return refusal;
  if (!was && items.size >= settings.maxSkus) return { code: 'CART_FULL', skuId, maximum: settings.maxSkus };
  if (was) items.set(skuId, { ...was, quantity: sum });
  else items.set(skuId, { ...newItem(skuId, { catalogue, stamp }, index), quantity, selected });
  return null;
}

function newItem(skuId: string, { catalogue, stamp }: Pick<Shop, 'catalogue' | 'stamp'>, index = 0): Item {
  const { price } = catalogue.get(skuId)!;
  const position = { version: stamp, index };
  return { skuId, quantity: 0, selected: true, addPrice: price, position, version: stamp };
}

function add(cart: Cart, operation: Write<'add'>, shop: Shop): Change {
  const items = toItems(cart);
  const refusal = take(items, operation, 0, shop);
  return refusal ? refuse(cart, refusal) : { cart: commit(cart, items, shop.stamp) };
}

function batch(cart: Cart, operation: Write<'batch'>, shop: Shop): Change {
  const sums = new Map<string, number>();
  for (const { skuId, quantity } of operation.items) sums.set(skuId, (sums.get(skuId) ?? 0) + quantity);
  const items = toItems(cart);
  const refused: Refusal[] = [];
  const results = [...sums].map(([skuId, quantity], index) => {
    const refusal = take(items, { skuId, quantity }, index, shop);
    if (!refusal) return { skuId, status: 'ok' };
    refused.push(refusal);
    return { ...refusal, status: 'rejected' };
  });
  if (refused.length > 0 && operation.mode !== 'partial') return { cart, refused };
  return { cart: commit(cart, items, shop.stamp), own: { results } };
}

function update(cart: Cart, operation: Write<'update'>, shop: Shop): Change {
  const { skuId, quantity, delta = 0, selected } = operation;
  const items = toItems(cart);
  const item = items.get(skuId);
  if (!item) return refuse(cart, { code: 'ITEM_NOT_FOUND', skuId });
  const wanted = quantity ?? item.quantity + delta;
  if (wanted <= 0) return { cart: removed(cart, new Set([skuId]), shop) };
  if (wanted > item.quantity) {
    const refusal = refusalOf(skuId, shop.catalogue.get(skuId), wanted, shop.settings);
    if (refusal) return refuse(cart, refusal);
  }
  items.set(skuId, { ...item, quantity: wanted, selected: flag(item, selected, shop) });
  return { cart: commit(cart, items, shop.stamp) };
}

/** The stored flag after a wish: an invalid item cannot be selected, but its flag can be cleared. */
function flag(item: Item, wish: boolean | undefined, shop: Shop): boolean {
  if (wish === undefined || (wish && !isValid(item, shop))) return item.selected;
  return wish;
}

function changeSpec(cart: Cart, { skuId, to }: Write<'spec'>, shop: Shop): Change {
  const items = toItems(cart);
  const old = items.get(skuId);
  if (!old) return refuse(cart, { code: 'ITEM_NOT_FOUND', skuId });
  if (skuId === to) return { cart };
  const there = items.get(to);
  const quantity = old.quantity + (there?.quantity ?? 0);
  const target = shop.catalogue.get(to);
  const { spuId } = shop.catalogue.lastOf(skuId)!;
  if (target && (spuId === null || spuId !== target.spuId)) return refuse(cart, { code: 'NOT_A_VARIANT', skuId: to });
  const refusal = refusalOf(to, target, quantity, shop.settings);
  if (refusal) return refuse(cart, refusal);
  items.delete(skuId);
  const swapped = there ?? { ...newItem(to, shop), selected: old.selected, position: old.position };
  items.set(to, { ...swapped, selected: swapped.selected || old.selected, quantity });
  return { cart: commit(cart, items, shop.stamp) };
}

/** Removes what is there of `skuIds`; when something was, it can be undone, and nothing before it any more. */
function removed(cart: Cart, skuIds: ReadonlySet<string>, { stamp }: Shop): Cart {
  const taken = cart.items.filter((item) => skuIds.has(item.skuId));
  if (taken.length === 0) return cart;
  const left = cart.items.filter((item) => !skuIds.has(item.skuId));
  return { version: stamp, items: left, undo: taken };
}

function undo(cart: Cart, { catalogue, settings, stamp }: Shop): Change {
  const items = toItems(cart);
  const missing = (cart.undo ?? []).filter((item) => !items.has(item.skuId));
  if (missing.length === 0) return refuse(cart, { code: 'NOTHING_TO_UNDO' });
  const refused: Refusal[] = [];
  const results: object[] = [];
  for (const item of missing) {
    const { skuId } = item;
    const quantity = Math.min(item.quantity, maximumOf(catalogue.get(skuId), settings));
    if (items.size >= settings.maxSkus) {
      const rejected = { skuId, status: 'rejected', code: 'CART_FULL', quantity: 0 };
      refused.push({ ...rejected, maximum: settings.maxSkus });
      results.push(rejected);
      continue;
    }
    if (quantity < item.quantity) results.push({ skuId, status: 'clipped', code: 'QUANTITY_LIMIT', quantity });
    items.set(skuId, { ...item, quantity });
  }
  if (refused.length === missing.length) return { cart, refused };
  return { cart: commit(cart, items, stamp, null), own: { results } };
}

function select(cart: Cart, { scope, skuIds = [], shopId, selected }: Write<'select'>, shop: Shop): Cart {
  const items = toItems(cart);
  for (const item of cart.items) {
    const isMeant =
      scope === 'all' ||
      (scope === 'shop' ? shop.catalogue.lastOf(item.skuId)!.shopId === shopId : skuIds.includes(item.skuId));
    if (isMeant) items.set(item.skuId, { ...item, selected: flag(item, selected, shop) });
  }
  return commit(cart, items, shop.stamp);
}
