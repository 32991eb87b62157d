import { CartPicture, LiveCart, RebuildStep } from '@app/cart';
import { CartItem, CartRow, compareDecimals, sameItem } from '@app/database';

/** What has to happen so that a cart in Redis is what MySQL says. */
export interface RebuildPlan {
  steps: RebuildStep[];
  /** SKUs Redis has something newer of: they are lost unless the rebuild is refused. */
  newer: string[];
  unchanged: number;
}

type Picture = CartPicture & { cart: LiveCart };

/**
 * MySQL's side wins. Forced, every item gets a version above both sides, so that nothing still on its way to MySQL can
 * undo the rebuild; else only what differs at the same version does.
 */
export function planRebuild({ cart, removed }: Picture, rows: readonly CartRow[], force: boolean): RebuildPlan {
  const plan: RebuildPlan = { steps: [], newer: [], unchanged: 0 };
  const bySku = new Map(rows.map((row) => [row.skuId, row]));
  const held = new Set(cart.items.map((item) => item.skuId));
  const tombstones = new Map(removed.filter(({ skuId }) => !held.has(skuId)).map((item) => [item.skuId, item]));
  for (const item of cart.items) compareItem(plan, item, bySku.get(item.skuId), force);
  for (const row of rows) if (!held.has(row.skuId)) compareAbsent(plan, row, tombstones.get(row.skuId), force);
  const unheard = [...tombstones.keys()].filter((skuId) => !bySku.has(skuId));
  plan.newer.push(...unheard);
  return plan;
}

function compareItem(plan: RebuildPlan, item: CartItem, row: CartRow | undefined, force: boolean): void {
  const { skuId } = item;
  const order = row ? compareDecimals(item.version, row.version) : 1;
  if (order > 0) plan.newer.push(skuId);
  const live = row && !row.deleted ? row : undefined;
  if (force || order > 0) plan.steps.push(live ? { skuId, what: 'stamp', row: live } : { skuId, what: 'drop' });
  else if (order < 0) plan.steps.push(live ? { skuId, what: 'take', row: live } : { skuId, what: 'forget' });
  else if (!live) plan.steps.push({ skuId, what: 'drop' });
  else if (!sameItem(item, live)) plan.steps.push({ skuId, what: 'stamp', row: live });
  else plan.unchanged += 1;
}

/** A row of an item that Redis does not hold, maybe because it was removed there. */
function compareAbsent(plan: RebuildPlan, row: CartRow, removal: CartItem | undefined, force: boolean): void {
  const order = removal ? compareDecimals(removal.version, row.version) : -1;
  if (order > 0) plan.newer.push(row.skuId);
  if (row.deleted) return;
  plan.steps.push({ skuId: row.skuId, what: force || order >= 0 ? 'stamp' : 'take', row });
}
