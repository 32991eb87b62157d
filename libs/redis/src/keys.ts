/** `user:42`, or `guest:` and the random part of a guest token: whose cart it is. */
export type OwnerKey = `user:${string}` | `guest:${string}`;

/**
 * Every Redis key of the service is built here and nowhere else.
 *
 * A cart, what was removed from it, what can be undone, its load token and the records of its requests belong to one
 * owner; the outbox and the index of active carts are shared. One Redis holds them all, so no key carries a cluster tag.
 */
export const keys = {
  /** Hash: one field per SKU, and `_` for version, loaded flag and counters. No TTL for users, 30 days for guests. */
  cart: (owner: OwnerKey): string => `cart:${owner}`,
  /** What the carts of all users match, for SCAN; {@link userOf} says whose a key is. */
  userCarts: 'cart:user:*',
  userOf: (cart: string): string => cart.slice('cart:user:'.length),
  /** Hash of tombstones, SKU → the removed item: kept until MySQL has confirmed the removal. */
  removed: (owner: OwnerKey): string => `removed:${owner}`,
  /** Hash of what the latest removal took, SKU → item, and `_` → its version. Ten minutes. */
  undo: (owner: OwnerKey): string => `undo:${owner}`,
  /** What a request with an Idempotency-Key came to: `running <token> <hash>` (30 s) or `done <hash> <answer>` (24 h). */
  idempotency: (owner: OwnerKey, digest: string): string => `idem:${owner}:${digest}`,
  /** Sorted set of an owner's such records, in the order of their claims, by any of them. */
  idempotencyIndex: (record: string): string => record.slice(0, record.lastIndexOf(':')),
  /** What the merge of a guest's cart into this user's came to. As long as a guest's cart lives. */
  merge: (owner: OwnerKey, guestId: string): string => `merge:${owner}:${guestId}`,
  /** Sorted set of the guests whose merge is under way, by the time it began, ms. */
  merging: 'cart:merging',
  /** What taking an order's items out of the cart, or returning them, came to. 60 days. */
  ordered: (owner: OwnerKey, orderId: string, step: 'take' | 'return'): string => `ordered:${owner}:${orderId}:${step}`,
  /** The token of the one cold load that may still restore the cart. */
  load: (owner: OwnerKey): string => `load:${owner}`,
  /** Stream: one entry per change of a cart, written by the script that made the change. */
  outbox: 'cart:outbox',
  /**
   * What did not fit into the outbox: a sorted set of the users whose cart MySQL has to be brought up to, by the version it
   * lacks; and a hash, how many `lines` the change log lacks `since` a version. The scripts of the cart derive both names
   * from the outbox's.
   */
  dirty: 'cart:outbox:dirty',
  gaps: 'cart:outbox:gaps',
  /** Hash: run id of the Redis server, and the number of its epoch. */
  epoch: 'cart:epoch',
  /** Sorted set of user ids by the time of their last change, ms. */
  active: 'cart:active',
  /** The shared copy of a catalogue row. */
  sku: (skuId: string): string => `sku:${skuId}`,
  /** What all of these match, for SCAN; {@link skuOf} says whose a key is. */
  skus: 'sku:*',
  skuOf: (key: string): string => key.slice('sku:'.length),
  /** Run id of the Redis server whose copies of the catalogue were last shared anew, all of them. */
  skusServer: 'skus:server',
  /** What is bought together with a SKU, strongest first. Ten minutes. */
  companions: (skuId: string): string => `companions:${skuId}`,
  /** How many requests somebody has sent in the window that began with the first. */
  rateLimit: (kind: string, subject: string): string => `rl:${kind}:${subject}`,
  /** What health checks write, to see that Redis takes a write. */
  probe: 'health:probe',
  lock: {
    add: (owner: OwnerKey): string => `lock:add:${owner}`,
    load: (owner: OwnerKey): string => `lock:load:${owner}`,
    merge: (owner: OwnerKey): string => `lock:merge:${owner}`,
    checkout: (owner: OwnerKey): string => `lock:checkout:${owner}`,
    /** Work that the clock starts on every instance. */
    cron: (work: string): string => `lock:cron:${work}`,
  },
} as const;
