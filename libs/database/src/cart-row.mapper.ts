import { isId } from '@app/common';
import { CartChange, CartItem, CartRow, ChangedItem, ProductSnapshot } from './cart-item.js';
import { fromDateTime } from './date-time.js';
import { formatSnapshot, parseSnapshot, toSnapshot } from './snapshots.js';

/**
 * The only conversions between the three shapes of a cart item: Redis field, event, MySQL row.
 *
 * A Redis field is `quantity selected addPriceCents addedAtMs changedAtMs position version snapshotJson`: short, read
 * by a script with one pattern, and the snapshot passes through scripts untouched.
 */
const ITEM = /^(\d+) ([01]) (\d+) (\d+) (\d+) (\d+) (\d+) (.*)$/s;

/** Throws when the text is no item. */
export function parseItem(skuId: string, raw: string): CartItem {
  const item = tryItem(skuId, raw);
  if (!item) throw new Error(`not a cart item: SKU ${skuId}`);
  return item;
}

/** `undefined` when the text is no item: something else has written under our key. */
export function tryItem(skuId: string, raw: string): CartItem | undefined {
  const m = ITEM.exec(raw);
  const snapshot = m && isId(skuId) ? parseSnapshot(m[8]!) : undefined;
  if (!m || !snapshot) return undefined;
  return {
    skuId,
    quantity: Number(m[1]),
    selected: m[2] === '1',
    addPrice: Number(m[3]),
    addedAt: Number(m[4]),
    changedAt: Number(m[5]),
    position: m[6]!,
    version: m[7]!,
    snapshot,
  };
}

export function formatItem(item: CartItem): string {
  return [
    item.quantity,
    item.selected ? 1 : 0,
    item.addPrice,
    item.addedAt,
    item.changedAt,
    item.position,
    item.version,
    formatSnapshot(item.snapshot),
  ].join(' ');
}

/** An entry of the outbox stream (`o v t a s d`, `r` per item: `sku before deleted item`, `i` an order) as a change. */
export function parseOutboxEntry(fields: readonly string[]): CartChange {
  const items: ChangedItem[] = [];
  const head: Record<string, string> = {};
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [name, value] = [fields[i]!, fields[i + 1]!];
    if (name === 'r') items.push(parseChangedItem(value));
    else head[name] = value;
  }
  const owner = /^(user|guest):(.+)$/.exec(head['o'] ?? '');
  if (!owner || !head['v'] || !head['t'] || !head['a'] || items.length === 0) throw new Error('not an outbox entry');
  return {
    owner: { kind: owner[1] as 'user' | 'guest', id: owner[2]! },
    version: head['v'],
    at: Number(head['t']),
    action: head['a'],
    source: head['s'] ?? 'user',
    ...(head['d'] ? { device: head['d'] } : {}),
    ...(head['i'] ? { orderId: head['i'] } : {}),
    items,
  };
}

function parseChangedItem(raw: string): ChangedItem {
  const m = /^(\d+) (\d+) ([01]) (.*)$/s.exec(raw);
  if (!m) throw new Error('not an item of an outbox entry');
  return Object.assign(parseItem(m[1]!, m[4]!), { before: Number(m[2]), deleted: m[3] === '1' });
}

/** The rows a user's change leaves in the `cart` table; a guest's change leaves none. */
export function toCartRows({ owner, items }: CartChange): CartRow[] {
  if (owner.kind !== 'user') return [];
  // Field by field: rest and spread cost ten times as much, and every change passes here.
  return items.map((item) => ({
    userId: owner.id,
    skuId: item.skuId,
    quantity: item.quantity,
    selected: item.selected,
    deleted: item.deleted,
    addPrice: item.addPrice,
    addedAt: item.addedAt,
    changedAt: item.changedAt,
    position: item.position,
    version: item.version,
    snapshot: item.snapshot,
  }));
}

/** A row as the driver returns it: bigints and decimals as text, datetimes as `YYYY-MM-DD hh:mm:ss.mmm` in UTC. */
export interface RawCartRow {
  user_id: string;
  product_sku_id: string;
  product_sku_num: number;
  add_amount: string;
  selected_status: number;
  is_deleted: number;
  version: string;
  added_at: string;
  changed_at: string;
  position: string;
  /** Whatever JSON somebody has put there; `null`: nothing, and the catalogue does not know the SKU. */
  snapshot: ProductSnapshot | string | null;
}

/**
 * A row that another program has edited into what no cart can hold (a quantity or price below its least, no whole snapshot, a
 * version that no clock gives)
 * counts as removed: the cart is read without it, and a sync writes Redis's item over it.
 */
export function parseRow(raw: RawCartRow): CartRow {
  const snapshot = readSnapshot(raw.snapshot);
  const isReadable = snapshot !== undefined && /^\d/.test(raw.add_amount) && isVersion(raw.version);
  const deleted = raw.is_deleted !== 0 || raw.product_sku_num < 1 || !isReadable;
  return {
    userId: raw.user_id,
    skuId: raw.product_sku_id,
    quantity: deleted ? Math.max(raw.product_sku_num, 0) : raw.product_sku_num,
    addPrice: /^\d/.test(raw.add_amount) ? toCents(raw.add_amount) : 0,
    selected: raw.selected_status === 1,
    deleted,
    ...(deleted && raw.is_deleted !== 1 ? { isFlagWrong: true } : {}),
    version: isVersion(raw.version) ? raw.version : '0',
    addedAt: fromDateTime(raw.added_at),
    changedAt: fromDateTime(raw.changed_at),
    position: raw.position,
    snapshot: snapshot ?? NO_SNAPSHOT,
  };
}

/**
 * The highest version that is taken from outside. Scripts count versions as doubles, which tell neighbours apart up to 2^53;
 * a cart above it would stand still. In microseconds this is the year 2255.
 */
export const MAX_VERSION = '9000000000000000';

/** Whether a canonical decimal string may be a version. */
export function isVersion(text: string): boolean {
  return text.length < MAX_VERSION.length || (text.length === MAX_VERSION.length && text <= MAX_VERSION);
}

const NO_SNAPSHOT: ProductSnapshot = { name: '', image: '', spec: '', shopId: '0', skuCode: '' };

function readSnapshot(stored: ProductSnapshot | string | null): ProductSnapshot | undefined {
  const value: unknown = typeof stored === 'string' ? JSON.parse(stored) : stored;
  return value === null ? NO_SNAPSHOT : toSnapshot(value);
}

/** Two items are the same when every fact of them is. */
export function sameItem(a: CartItem, b: CartItem): boolean {
  return formatItem(a) === formatItem(b);
}

/** `"12.50"` → 1250. */
export function toCents(amount: string): number {
  const m = /^(\d+)\.(\d{2})$/.exec(amount);
  if (!m) throw new Error('not an amount with two places');
  return Number(m[1]) * 100 + Number(m[2]);
}

/** 1250 → `"12.50"`; also below zero. */
export function fromCents(cents: number): string {
  const [sign, abs] = cents < 0 ? ['-', -cents] : ['', cents];
  return `${sign}${Math.floor(abs / 100)}.${String(abs % 100).padStart(2, '0')}`;
}
