import { CartItem, CartRow, compareDecimals, sameItem } from '@app/database';
import { CartPicture, LiveCart } from '@app/cart';

/** What has to happen so that a user's cart is the same in Redis and in MySQL. */
export interface SyncPlan {
  /** Items and removals MySQL does not have, or has in an older version. */
  write: CartRow[];
  /** SKUs that differ at the same version: the guarded write needs a higher one. */
  restamp: string[];
  /** Rows MySQL has in a higher version, or that Redis lost without a removal. */
  takeOver: CartRow[];
  /** Rows of nothing that is in the cart whose `is_deleted` does not say so. */
  unflagged: CartRow[];
  /** Removals MySQL holds already. */
  confirmed: CartItem[];
  unchanged: number;
}

/**
 * Compares a loaded cart and its tombstones with all of the user's rows. A row is deleted only for a tombstone, never
 * because Redis lacks the item: a truncated append-only file must not delete MySQL's only good copy.
 */
export function planSync(
  userId: string,
  picture: CartPicture & { cart: LiveCart },
  rows: readonly CartRow[],
): SyncPlan {
  const plan: SyncPlan = { write: [], restamp: [], takeOver: [], unflagged: [], confirmed: [], unchanged: 0 };
  const bySku = new Map(rows.map((row) => [row.skuId, row]));
  for (const item of picture.cart.items) compareItem(plan, userId, item, bySku.get(item.skuId));
  const held = new Set(picture.cart.items.map((item) => item.skuId));
  // An item that is there outranks whatever was removed before it.
  const removed = picture.removed.filter((tombstone) => !held.has(tombstone.skuId));
  for (const tombstone of removed) compareRemoval(plan, userId, tombstone, bySku.get(tombstone.skuId));
  const known = new Set([...held, ...removed.map((tombstone) => tombstone.skuId)]);
  plan.takeOver.push(...rows.filter((row) => !row.deleted && !known.has(row.skuId)));
  plan.unflagged.push(...rows.filter((row) => row.isFlagWrong && !known.has(row.skuId)));
  return plan;
}

function compareItem(plan: SyncPlan, userId: string, item: CartItem, row: CartRow | undefined): void {
  const order = row ? compareDecimals(item.version, row.version) : 1;
  if (order > 0) plan.write.push({ ...item, userId, deleted: false });
  else if (order < 0) plan.takeOver.push(row!);
  else if (row!.deleted || !sameItem(item, row!)) plan.restamp.push(item.skuId);
  else plan.unchanged += 1;
}

function compareRemoval(plan: SyncPlan, userId: string, removed: CartItem, row: CartRow | undefined): void {
  const order = row ? compareDecimals(removed.version, row.version) : 1;
  if (order > 0) plan.write.push({ ...removed, userId, deleted: true });
  else if (row!.isFlagWrong) plan.unflagged.push(row!);
  else if (row!.deleted) plan.confirmed.push(removed);
  else plan.takeOver.push(row!);
}

/**
 * How many of the differences are none of changes on their way to MySQL: what Redis has in a version from `settled` on
 * may be. What MySQL has and Redis has not never is.
 */
export function driftOf({ write, restamp, takeOver, unflagged }: SyncPlan, settled: string): number {
  const late = write.filter((row) => compareDecimals(row.version, settled) < 0);
  return late.length + restamp.length + takeOver.length + unflagged.length;
}

/** One item, Redis beside MySQL. */
export interface ItemDiff {
  skuId: string;
  redis: CartItem | null;
  mysql: CartItem | null;
  equal: boolean;
}

/** Every item that either side shows in the cart. */
export function diffItems(items: readonly CartItem[], rows: readonly CartRow[]): ItemDiff[] {
  const live = new Map(rows.filter((row) => !row.deleted).map((row) => [row.skuId, row]));
  const inRedis = items.map((item): ItemDiff => {
    const row = live.get(item.skuId) ?? null;
    return { skuId: item.skuId, redis: item, mysql: row, equal: row !== null && sameItem(item, row) };
  });
  const known = new Set(items.map((item) => item.skuId));
  // By the flag as it stands: one that is wrong is a difference, though the row counts as removed.
  const onlyInMysql = rows.filter((row) => (!row.deleted || row.isFlagWrong) && !known.has(row.skuId));
  return [...inRedis, ...onlyInMysql.map((row) => ({ skuId: row.skuId, redis: null, mysql: row, equal: false }))];
}
