import { apply, Cart, Change, EMPTY_CART, Own, Shop } from './cart.js';
import { Catalogue, OPTIONAL_NUMBERS, Refusal, Settings } from './catalogue.js';
import { ANY, AnyOrder, Learned, Partly, TEXT } from './match.js';
import { merge } from './merge.js';
import { giveBack, Order, order, orderBody, previewBody, refusalsOf } from './ordering.js';
import { isRead, Operation, orderName, Request, toWire } from './requests.js';
import { badgeOf, cartBody, Group } from './view.js';

/** The oracle: some carts, the catalogue, and for each request the whole answer the contract asks for. */
export interface World {
  settings: Settings;
  catalogue: Catalogue;
  /** Owner by name; the user id of a user, `null` for a guest. */
  owners: ReadonlyMap<string, string | null>;
  carts: ReadonlyMap<string, Cart>;
  /** What each idempotency key has done, by owner, method, path and key. */
  done: ReadonlyMap<string, Done>;
  /** Into whose cart a guest's was merged, and what came of it. */
  merged: ReadonlyMap<string, { user: string; outcomes: readonly object[] }>;
  /** In the order in which they were made. */
  orders: readonly Order[];
}

/** What a request came to: kept for its repeats, with the body it had. */
interface Done {
  body?: string;
  status: number;
  refused?: readonly Refusal[];
  own?: Own;
  /** The order that was made, by its index. */
  order?: number;
}

export interface Expected {
  status: number;
  body: unknown;
  /** The version in `ETag`; `null`: the contract asks for none. */
  etag: string | null;
  replayed: boolean;
  /** The cart has changed, and its version with it. */
  changed: boolean;
}

export interface Step {
  world: World;
  expected: Expected;
}

const STATUS: Record<string, number> = {
  VALIDATION_FAILED: 400,
  UNAUTHENTICATED: 401,
  SKU_NOT_FOUND: 404,
  ITEM_NOT_FOUND: 404,
  ORDER_NOT_FOUND: 404,
  VERSION_MISMATCH: 412,
  IDEMPOTENCY_KEY_REUSED: 422,
};
/** Refusals that are about a request and not about a SKU: what stands in `errors` is open. */
const ABOUT_REQUESTS = [
  'VALIDATION_FAILED',
  'UNAUTHENTICATED',
  'VERSION_MISMATCH',
  'IDEMPOTENCY_KEY_REUSED',
  'NOTHING_TO_UNDO',
  'GUEST_CART_MERGED',
  'CART_CHANGED',
  'NOTHING_SELECTED',
  'ORDER_NOT_FOUND',
  'ORDER_PAID',
  'ORDER_CLOSED',
];
/** What is in the way of an item: a checkout is rejected for all of these together. */
const ABOUT_ITEMS = ['SKU_NOT_FOUND', 'SKU_OFF_SHELF', 'QUANTITY_LIMIT', 'OUT_OF_STOCK', 'INSUFFICIENT_STOCK'];
const NEVER_STORED = [400, 401, 412];
const FOR_USERS = ['merge', 'checkout', 'cancel', 'pay'];

/** The version of a guest's cart once it is merged: the contract only says that it reads as empty. */
const CLOSED = 'closed';

export const cartOf = (world: World, owner: string): Cart => world.carts.get(owner) ?? EMPTY_CART;

/**
 * @param stamp the version the service says the cart has after this request; a change takes it, the rest must already
 *   have it. Of no meaning for a refusal.
 */
export function step(world: World, request: Request, stamp: string): Step {
  const { owner, operation, idempotencyKey } = request;
  if (operation.op === 'malformed') return refused(world, owner, 'VALIDATION_FAILED');
  const isGuest = world.owners.get(owner) === null;
  if (isGuest && FOR_USERS.includes(operation.op)) return refused(world, owner, 'UNAUTHENTICATED');
  const wire = toWire(operation);
  const takesKey = !isRead(operation) && ['POST', 'PATCH'].includes(wire.method);
  if (idempotencyKey === undefined || !takesKey) return perform(world, request, stamp);

  const scope = [owner, wire.method, wire.path, idempotencyKey].join(' ');
  const body = JSON.stringify(wire.body ?? null);
  const done = world.done.get(scope);
  if (!done) {
    const performed = perform(world, request, stamp);
    const isStored = performed.result.refused?.[0]?.code !== 'TOO_MANY_ORDERS';
    if (!isStored || NEVER_STORED.includes(performed.expected.status)) return performed;
    const kept = { ...performed.result, body };
    return { ...performed, world: { ...performed.world, done: new Map(world.done).set(scope, kept) } };
  }
  if (done.body !== body) return refused(world, owner, 'IDEMPOTENCY_KEY_REUSED');
  if (done.refused) return { world, expected: problem(world, request, done.refused, true) };
  return { world, expected: answer(world, request, done, { replayed: true }) };
}

const refused = (world: World, owner: string, code: string): Step => ({
  world,
  expected: problem(world, { owner }, [{ code }]),
});

/** Does it, whatever its idempotency key says. */
function perform(world: World, request: Request, stamp: string): Performed {
  const { owner, operation, ifMatch } = request;
  const cart = cartOf(world, owner);
  const refuse = (reasons: readonly Refusal[]) => {
    const expected = problem(world, request, reasons);
    return { world, expected, result: { status: expected.status, refused: reasons } };
  };
  if (!isRead(operation)) {
    if (world.merged.has(owner)) return refuse([{ code: 'GUEST_CART_MERGED' }]);
    // Who asks again after a lost answer sends the version that was right the first time.
    const isRepeat = operation.op === 'merge' && world.merged.get(operation.guest)?.user === owner;
    const isStale = ifMatch !== undefined && !isRepeat && !accepts(ifMatch, cart.version);
    if (isStale) return refuse([{ code: 'VERSION_MISMATCH' }]);
  }
  if (operation.op === 'preview') {
    return { world, expected: plain(previewNow(world, owner)), result: { status: 200 } };
  }
  if (operation.op === 'checkout') return submit(world, owner, operation, stamp, refuse);
  if (operation.op === 'cancel' || operation.op === 'pay') return close(world, owner, operation, stamp, refuse);
  const merging = operation.op === 'merge' ? mergeInto(world, owner, operation, stamp) : undefined;
  const change = merging ?? apply(cart, operation, shopOf(world, stamp));
  if (change.refused) return refuse(change.refused);
  const guests = merging?.guests ?? world;
  const next = { ...world, merged: guests.merged, carts: new Map(guests.carts).set(owner, change.cart) };
  const result: Done = { status: operation.op === 'add' ? 201 : 200, own: change.own };
  const changed = change.cart !== cart;
  return { world: next, expected: answer(next, request, result, { changed }), result };
}

type Performed = Step & { result: Done };
type Refuse = (reasons: readonly Refusal[]) => Performed;

const plain = (body: unknown, status = 200, changed = false): Expected => ({
  status,
  body,
  etag: null,
  replayed: false,
  changed,
});

const unpaidOf = ({ orders }: World, owner: string) =>
  orders.filter((one) => one.owner === owner && one.status === 'pending');

const previewNow = (world: World, owner: string) => previewBody(cartOf(world, owner), world, unpaidOf(world, owner));

function submit(
  world: World,
  owner: string,
  operation: Extract<Operation, { op: 'checkout' }>,
  stamp: string,
  refuse: Refuse,
): Performed {
  const cart = cartOf(world, owner);
  const reasons = refusalsOf(operation, cart, world, unpaidOf(world, owner));
  if (reasons.length > 0) return refuse(reasons);
  const { made, cart: left, catalogue } = order(owner, cart, shopOf(world, stamp));
  const index = world.orders.length;
  const next = { ...world, catalogue, carts: new Map(world.carts).set(owner, left), orders: [...world.orders, made] };
  return { world: next, expected: plain(orderNow(next, index), 201, true), result: { status: 201, order: index } };
}

/** Each time the same answer; nothing happens twice. */
function close(
  world: World,
  owner: string,
  { op, order: index }: Extract<Operation, { op: 'cancel' | 'pay' }>,
  stamp: string,
  refuse: Refuse,
): Performed {
  const was = world.orders[index]!;
  if (was.owner !== owner) return refuse([{ code: 'ORDER_NOT_FOUND' }]);
  const status = op === 'pay' ? 'paid' : 'cancelled';
  if (was.status !== 'pending' && was.status !== status) {
    return refuse([{ code: was.status === 'paid' ? 'ORDER_PAID' : 'ORDER_CLOSED' }]);
  }
  const orders = world.orders.map((one, i): Order => (i === index ? { ...one, status } : one));
  const isBack = op === 'cancel' && was.status === 'pending';
  const back = isBack ? giveBack(was, cartOf(world, owner), shopOf(world, stamp)) : undefined;
  const carts = back ? new Map(world.carts).set(owner, back.cart) : world.carts;
  const next = { ...world, orders, carts, catalogue: back?.catalogue ?? world.catalogue };
  const restored = was.lines.map(({ item: { skuId, quantity } }) => ({ skuId, quantity, outcome: 'restored' }));
  const body = { ...orderNow(next, index), restored: op === 'cancel' ? new AnyOrder(restored) : undefined };
  return { world: next, expected: plain(body, 200, isBack), result: { status: 200 } };
}

const orderNow = ({ orders, settings }: World, index: number) =>
  orderBody(orders[index]!, orderName(index), settings.currency);

const shopOf = ({ catalogue, settings }: World, stamp: string): Shop => ({ catalogue, settings, stamp });

/** `If-Match`: `*`, or a list of quoted versions. */
const accepts = (ifMatch: string, version: string) =>
  ifMatch === '*' || ifMatch.split(',').some((tag) => tag.trim() === `"${version}"`);

function mergeInto(
  world: World,
  user: string,
  operation: Extract<Operation, { op: 'merge' }>,
  stamp: string,
): Change & { guests: Pick<World, 'carts' | 'merged'> } {
  const { carts, merged } = world;
  const cart = cartOf(world, user);
  const { guest } = operation;
  const before = merged.get(guest);
  const items = carts.get(guest)?.items ?? [];
  // Somebody else's, an empty and an unknown one look alike.
  if (before?.user !== user && (before || items.length === 0)) {
    return { cart, guests: { carts, merged }, own: mergeOwn(TEXT, []) };
  }
  if (before) {
    return { cart, guests: { carts, merged }, own: mergeOwn(new Learned(`merge of ${guest}`), before.outcomes, true) };
  }
  const { cart: after, outcomes } = merge(cart, cartOf(world, guest), operation, shopOf(world, stamp));
  const guests = {
    carts: new Map(carts).set(guest, { ...EMPTY_CART, version: CLOSED }),
    merged: new Map(merged).set(guest, { user, outcomes }),
  };
  return { cart: after, guests, own: mergeOwn(new Learned(`merge of ${guest}`), outcomes) };
}

const mergeOwn = (id: unknown, items: readonly object[], replayed = false): Own => ({
  merge: { id, replayed, persisted: true, items },
});

/** The answer to a request that was not refused: the whole cart or its counters, beside what the request came to. */
function answer(world: World, request: Request, done: Done, { replayed = false, changed = false } = {}): Expected {
  const { owner, operation, minimal } = request;
  const cart = cartOf(world, owner);
  const etag = cart.version === CLOSED ? null : cart.version;
  const { results, merge: merged } = done.own ?? {};
  const own = {
    results: results?.map((result) => new Partly(result, OPTIONAL_NUMBERS[(result as Refusal).code] ?? [])),
    merge: merged,
  };
  const expected = { status: done.status, etag, replayed, changed };
  if (done.order !== undefined) return { ...expected, etag: null, body: orderNow(world, done.order) };
  if (operation.op === 'badge') return { ...expected, etag: null, body: badgeOf(cart) };
  if (minimal && !isRead(operation))
    return { ...expected, body: { version: etag ?? ANY, badge: badgeOf(cart), ...own } };
  const group = operation.op === 'read' ? (operation.group ?? 'shop') : 'shop';
  return { ...expected, body: { ...bodyOf(world, owner, group), ...own } };
}

function bodyOf(world: World, owner: string, group: Group = 'shop') {
  const id = world.owners.get(owner);
  const cart = cartOf(world, owner);
  const body = cartBody(id ? { kind: 'user', id } : { kind: 'guest' }, cart, world, group);
  return { ...body, version: cart.version === CLOSED ? ANY : cart.version };
}

/** A problem with the code of the first refusal, and the cart where the contract wants it. */
function problem(
  world: World,
  { owner, operation }: Pick<Request, 'owner'> & Partial<Request>,
  refused: readonly Refusal[],
  replayed = false,
): Expected {
  const isCheckout = operation?.op === 'checkout';
  const first = refused[0]!.code;
  const code = isCheckout && ABOUT_ITEMS.includes(first) ? 'CHECKOUT_REJECTED' : first;
  const status = STATUS[code] ?? 409;
  const entries = refused.map((refusal) => new Partly(refusal, OPTIONAL_NUMBERS[refusal.code] ?? []));
  const errors = ABOUT_REQUESTS.includes(code) ? ANY : isCheckout ? new AnyOrder(entries) : entries;
  // What a shopper saw is another thing now, or may be.
  const showsCart = replayed || code === 'VERSION_MISMATCH' || code === 'CART_CHANGED';
  const cart = showsCart ? bodyOf(world, owner) : undefined;
  const preview = showsCart && isCheckout && code !== 'VERSION_MISMATCH' ? previewNow(world, owner) : undefined;
  const body = { type: TEXT, title: TEXT, status, code, detail: TEXT, errors, cart, preview };
  return { status, body, etag: null, replayed, changed: false };
}
