/** What a shopper saw of the product when it was added; still shown when the product is gone. */
export interface ProductSnapshot {
  name: string;
  image: string;
  spec: string;
  shopId: string;
  skuCode: string;
}

/** One SKU in a cart, the same facts in Redis, in an event and in a row. Ids, position and version are decimal strings. */
export interface CartItem {
  skuId: string;
  quantity: number;
  selected: boolean;
  /** Price when it was added, in cents. */
  addPrice: number;
  /** Milliseconds since 1970, UTC. */
  addedAt: number;
  changedAt: number;
  /** Orders the cart: higher was added later. */
  position: string;
  version: string;
  snapshot: ProductSnapshot;
}

/** An item as MySQL keeps it: a removed one stays as a row with quantity 0. */
export interface CartRow extends CartItem {
  userId: string;
  deleted: boolean;
  /** It counts as removed, yet its `is_deleted` does not say so: another program has written it. */
  isFlagWrong?: boolean;
}

/** Who changed a cart. A guest's id is the SHA-256 of the secret one. */
export interface EventOwner {
  kind: 'user' | 'guest';
  id: string;
}

/** One item of a change: the complete item after it, and the quantity before. */
export interface ChangedItem extends CartItem {
  before: number;
  deleted: boolean;
}

/** One acknowledged change of a cart. Absolute facts, no deltas: repeats and any order are harmless. */
export interface CartChange {
  owner: EventOwner;
  version: string;
  /** Milliseconds since 1970, UTC. */
  at: number;
  action: string;
  source: string;
  /** What the client calls its device; left out when it does not say. */
  device?: string;
  /** The order whose items it took or returned, all of them. */
  orderId?: string;
  items: ChangedItem[];
}
