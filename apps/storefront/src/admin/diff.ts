import type { CartDiff, ComparedItem, ItemDiff } from '../api/desk.js';
import { utcExact } from '../lib/format.js';

/** One line of the comparison of an item. */
export interface FieldDiff {
  name: string;
  redis: string | null;
  mysql: string | null;
  /** Both have it, and not alike. Of an item that one of them lacks the verdict says enough. */
  differs: boolean;
}

/** Everything the two keep of an item, as it is read: a row of the table for each. */
const FIELDS: readonly (readonly [name: string, read: (item: ComparedItem) => string])[] = [
  ['quantity', ({ quantity }) => String(quantity)],
  ['selected', ({ selected }) => (selected ? 'yes' : 'no')],
  ['price when added', ({ addPrice }) => addPrice],
  ['added', ({ addedAt }) => utcExact(addedAt)],
  ['changed', ({ updatedAt }) => utcExact(updatedAt)],
  ['position', ({ position }) => position],
  ['version', ({ version }) => version],
  ['name', ({ snapshot }) => snapshot.name],
  ['SKU code', ({ snapshot }) => snapshot.skuCode],
  ['spec', ({ snapshot }) => snapshot.spec],
  ['shop', ({ snapshot }) => snapshot.shopId],
  ['image', ({ snapshot }) => snapshot.image],
];

export function fieldsOf({ redis, mysql }: ItemDiff): FieldDiff[] {
  return FIELDS.map(([name, read]) => {
    const [left, right] = [redis && read(redis), mysql && read(mysql)];
    return { name, redis: left, mysql: right, differs: left !== null && right !== null && left !== right };
  });
}

/** What is wrong with an item, in two words. */
export function verdictOf({ redis, mysql, equal }: ItemDiff): string {
  if (!mysql) return 'only in Redis';
  if (!redis) return 'only in MySQL';
  return equal ? 'equal' : 'different';
}

/** What differs comes first. */
export function inOrder({ items }: CartDiff): ItemDiff[] {
  return [...items].sort((a, b) => Number(a.equal) - Number(b.equal));
}
