import { CartItem, tryItem } from '@app/database';

/** Counters by the stored flags, kept by the scripts; invalid items are counted too. */
export interface Badge {
  skus: number;
  quantity: number;
  selectedSkus: number;
  selectedQuantity: number;
}

/** A cart as Redis holds it. */
export interface LiveCart {
  version: string;
  badge: Badge;
  /** Most recently added first. Empty when only the counters were asked for. */
  items: CartItem[];
  /** Fields that somebody else has written and nobody can read; left out of items and badge. */
  unreadable?: string[];
}

/** `version state skus quantity selectedSkus selectedQuantity lastChoice`; see `lua/includes/cart.lua`. */
const META = /^(\d+) ([012]) (\d+) (\d+) (\d+) (\d+) [01]$/;
const EMPTY: LiveCart = {
  version: '0',
  badge: { skus: 0, quantity: 0, selectedSkus: 0, selectedQuantity: 0 },
  items: [],
};

/**
 * Fields and values of a cart's hash, alternating. `undefined`: a user's cart that is not loaded; it is unknown, not
 * empty. A guest's cart lives in Redis alone, so without a hash it is empty; once merged it is empty too, at the version
 * it has come to: a client would take a lower one for old news.
 */
export function parseCart(kind: 'user' | 'guest', fields: readonly string[]): LiveCart | undefined {
  const items: CartItem[] = [];
  const unreadable: string[] = [];
  let meta: RegExpExecArray | null = null;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [field, raw] = [fields[i]!, fields[i + 1]!];
    if (field === '@') continue;
    if (field === '_') {
      meta = META.exec(raw);
      if (!meta) unreadable.push(field);
      continue;
    }
    const item = tryItem(field, raw);
    // A removed item has no field: none of a quantity is no item.
    if (item && item.quantity > 0) items.push(item);
    else unreadable.push(field);
  }
  if (!meta && kind === 'user') return undefined;
  if (meta?.[2] === '0') return undefined;
  if (meta?.[2] === '2') return { ...EMPTY, version: meta[1]! };
  if (items.length > 1) items.sort(latestFirst);
  if (unreadable.length > 0) return { version: meta?.[1] ?? '0', badge: countItems(items), items, unreadable };
  if (!meta) return items.length === 0 ? EMPTY : { version: '0', badge: countItems(items), items, unreadable: ['_'] };
  return {
    version: meta[1]!,
    badge: {
      skus: Number(meta[3]),
      quantity: Number(meta[4]),
      selectedSkus: Number(meta[5]),
      selectedQuantity: Number(meta[6]),
    },
    items,
  };
}

/** The counters of items that do not come from Redis. */
export function countItems(items: readonly CartItem[]): Badge {
  const selected = items.filter((item) => item.selected);
  return {
    skus: items.length,
    quantity: sum(items),
    selectedSkus: selected.length,
    selectedQuantity: sum(selected),
  };
}

/** Positions are decimal texts beyond what a number holds. */
export function latestFirst(a: CartItem, b: CartItem): number {
  const [p, q] = [a.position, b.position];
  return q.length - p.length || (p < q ? 1 : p > q ? -1 : 0);
}

function sum(items: readonly CartItem[]): number {
  return items.reduce((total, item) => total + item.quantity, 0);
}
