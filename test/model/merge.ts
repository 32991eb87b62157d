import { Cart, commit, Item, Shop } from './cart.js';
import { maximumOf } from './catalogue.js';
import { Strategy } from './requests.js';

interface Met {
  quantity: number;
  /** Before clipping. */
  requested: number;
  outcome: string;
}

/** What becomes of a SKU that user and guest both hold. Clipping never takes from what the user had. */
function meet(user: number, guest: number, strategy: Strategy, maximum: number): Met {
  const clip = (requested: number, floor: number, outcome: string): Met => {
    const quantity = Math.max(floor, Math.min(requested, maximum));
    return { quantity, requested, outcome: quantity < requested ? 'clipped' : outcome };
  };
  switch (strategy) {
    case 'sum':
      return clip(user + guest, user, 'summed');
    case 'overwrite':
      return clip(guest, 0, 'overwritten');
    case 'skip':
      return clip(user, user, 'kept');
    case 'max':
      return clip(Math.max(user, guest), user, guest > user ? 'overwritten' : 'kept');
  }
}

/** The user's cart after a guest's came into it, and what became of each item of the guest, newest first. */
export function merge(
  user: Cart,
  guest: Cart,
  { strategy = 'sum', select = 'keep' }: { strategy?: Strategy; select?: 'keep' | 'unselected' },
  { catalogue, settings, stamp }: Shop,
): { cart: Cart; outcomes: readonly object[] } {
  const own: Item[] =
    select === 'unselected' ? user.items.map((item) => ({ ...item, selected: false })) : [...user.items];
  const items = new Map(own.map((item) => [item.skuId, item]));
  const outcomes = guest.items.map((item) => {
    const { skuId } = item;
    const maximum = maximumOf(catalogue.get(skuId), settings);
    const shared = items.get(skuId);
    if (shared) {
      const met = meet(shared.quantity, item.quantity, strategy, maximum);
      items.set(skuId, { ...shared, quantity: met.quantity });
      return { skuId, ...met };
    }
    const requested = item.quantity;
    if (items.size >= settings.maxSkus) return { skuId, outcome: 'rejected', quantity: 0, requested };
    const quantity = Math.min(requested, maximum);
    items.set(skuId, { ...item, quantity });
    return { skuId, outcome: quantity < requested ? 'clipped' : 'added', quantity, requested };
  });
  return { cart: commit(user, items, stamp), outcomes };
}
