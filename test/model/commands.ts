import fc from 'fast-check';
import { Sku } from './catalogue.js';
import { Operation } from './requests.js';

/** What happens to a small world: small enough that shoppers, limits and stocks collide all the time. */

/** Which `If-Match` goes along, as the client knows the cart. */
export type Match = 'current' | 'stale' | 'listed' | 'any';

export type Command =
  | {
      by: 'shopper';
      owner: string;
      operation: Operation;
      match?: Match;
      key?: string;
      minimal?: boolean;
      /** Sends a guest's header too: the user wins. */
      alsoAs?: string;
    }
  /** Sends a request with an idempotency key again, counted back from the latest one. */
  | { by: 'repeat'; back: number; match?: Match; minimal?: boolean }
  /** Submits the cart with what the latest preview has told; without one, whatever it costs. */
  | {
      by: 'buyer';
      owner: string;
      shows: 'quote' | 'items' | 'both' | 'nothing';
      pays?: 'less';
      key: string;
      match?: Match;
    }
  | { by: 'operator'; skuId: string; change: SkuChange };

export type SkuChange = Partial<Sku> | 'delete' | 'restore';

/** What the SKUs of a world are when it begins: by id, what differs from the plain SKU. */
export type Scene = Record<string, Partial<Sku>>;

export const USERS = ['user1', 'user2'] as const;
export const GUESTS = ['guest1', 'guest2', 'guest3'] as const;
const [USER] = USERS;
const [GUEST] = GUESTS;

export interface Ids {
  skuIds: readonly string[];
  shopIds: readonly string[];
  /** A SKU no catalogue has. */
  unknown: string;
}

/** Stands for the n-th item of the cart as it is when it comes to it: most of what shoppers do is about what they see. */
const held = (n: number) => `~${n}`;

/** Puts the SKUs a cart holds, newest first, and their shops in the place of what stands for them. */
export function resolve(
  operation: Operation,
  items: readonly { skuId: string; shopId: string }[],
  ids: Ids,
): Operation {
  const text = JSON.stringify(operation).replace(
    /"(\w+)":"~(\d+)"|"~(\d+)"/g,
    (_, name?: string, m?: string, n?: string) => {
      const index = Number(m ?? n);
      const item = items[index % (items.length || 1)];
      if (name === 'shopId') return `"shopId":"${item?.shopId ?? ids.shopIds[0]}"`;
      return `${name ? `"${name}":` : ''}"${item?.skuId ?? ids.skuIds[index % ids.skuIds.length]}"`;
    },
  );
  return JSON.parse(text) as Operation;
}

const price = fc.constantFrom(100, 250, 999, 1250, 5);
const stock = often(50, 7, 4, 1, 0);
const status = fc.constantFrom<'on' | 'off'>(...Array<'on'>(11).fill('on'), 'off');
const purchaseLimit = often(null, 2, 5, 20);
const lowStockThreshold = often(null, 0, 10);
const quantity = often(1, 2, 3, 4, 9, 10, 2_147_483_647);

/** Mostly the first: with everything scarce at once hardly an add would come through. */
function often<T>(usual: T, ...others: T[]): fc.Arbitrary<T> {
  return fc.oneof({ weight: 2, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
}

export function sceneOf({ skuIds }: Ids): fc.Arbitrary<Scene> {
  const sku = fc.record({ price, stock, status, purchaseLimit, lowStockThreshold });
  return fc.record(Object.fromEntries(skuIds.map((skuId) => [skuId, sku])));
}

/** Operations by name, so that a run can leave some out. */
export function operationsOf({ skuIds, shopIds, unknown }: Ids) {
  const known = fc.constantFrom(...skuIds);
  const present = fc.nat({ max: 6 }).map(held);
  const skuId = fc.oneof(
    { weight: 12, arbitrary: known },
    { weight: 5, arbitrary: present },
    { weight: 1, arbitrary: fc.constant(unknown) },
  );
  const item = fc.oneof({ weight: 12, arbitrary: present }, { weight: 1, arbitrary: skuId });
  const some = fc.array(item, { minLength: 1, maxLength: 3 });
  const selected = fc.boolean();
  const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.oneof(fc.constant(undefined), arbitrary);
  const lines = fc.array(fc.record({ skuId, quantity: fc.constantFrom(1, 1, 2, 3, 9) }), {
    minLength: 1,
    maxLength: 6,
  });
  const delta = fc.constantFrom(1, 1, 2, -1, -1, -2, -9, 9);
  const select = fc.oneof(
    fc.record({ scope: fc.constant('items' as const), skuIds: some, selected }),
    fc.record({
      scope: fc.constant('shop' as const),
      shopId: fc.oneof(present, fc.constantFrom(...shopIds, unknown)),
      selected,
    }),
    fc.record({ scope: fc.constant('all' as const), selected }),
  );
  const update = fc.oneof(
    fc.record({ skuId: item, quantity: fc.oneof(quantity, fc.constantFrom(0, 0, 9)), selected: maybe(selected) }),
    fc.record({ skuId: item, delta, selected: maybe(selected) }),
    fc.record({ skuId: item, selected }),
  );
  const merge = fc.record({
    guest: fc.constantFrom(...GUESTS),
    strategy: maybe(fc.constantFrom('sum', 'overwrite', 'skip', 'max')),
    select: maybe(fc.constantFrom('keep', 'unselected')),
  });
  const named = <N extends Operation['op'], T extends object>(op: N, arbitrary: fc.Arbitrary<T>) =>
    arbitrary.map((rest) => ({ op, ...definedOf(rest) }) as unknown as Operation);
  const nothing = fc.constant({});
  return {
    read: named('read', fc.record({ group: maybe(fc.constantFrom('shop', 'none')) })),
    badge: named('badge', nothing),
    add: named('add', fc.record({ skuId, quantity, selected: maybe(selected) })),
    batch: named('batch', fc.record({ items: lines, mode: maybe(fc.constantFrom('atomic', 'partial')) })),
    update: named('update', update),
    spec: named('spec', fc.record({ skuId: item, to: skuId })),
    delete: named('delete', fc.record({ skuId: item })),
    remove: named('remove', fc.record({ skuIds: some })),
    clear: named('clear', nothing),
    'clear-invalid': named('clear-invalid', nothing),
    undo: named('undo', nothing),
    select: named('select', select),
    merge: named('merge', merge),
    malformed: malformedOf(known),
  } satisfies Record<CartOp, fc.Arbitrary<Operation>>;
}

const definedOf = (value: object) => Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined));

/** Bodies that are refused as not valid, wherever they meet the cart; they change nothing. */
function malformedOf(skuId: fc.Arbitrary<string>): fc.Arbitrary<Operation> {
  const bad = fc.constantFrom<unknown>(0, -1, 1.5, '2', 2 ** 31, null, true);
  const add = fc.record({ skuId, quantity: bad }).map((body) => ({ method: 'POST', path: '/v1/cart/items', body }));
  const patch = fc
    .tuple(
      skuId,
      fc.constantFrom<unknown>({}, { delta: 0 }, { quantity: 1, delta: 1 }, { quantity: -1 }, { price: '1' }),
    )
    .map(([id, body]) => ({ method: 'PATCH', path: `/v1/cart/items/${id}`, body }));
  return fc.oneof(add, patch).map((wire) => ({ op: 'malformed' as const, ...wire }));
}

/** What is done to a cart; the rest is about orders, and comes in rows: see `ordersOf`. */
type CartOp = Exclude<Operation['op'], 'preview' | 'checkout' | 'cancel' | 'pay'>;

export type Weights = Partial<Record<CartOp, number>>;

/** How often each operation comes: adds most, so that there is something to collide with. */
export const WEIGHTS: Weights = {
  add: 32,
  update: 16,
  batch: 12,
  spec: 8,
  delete: 4,
  remove: 3,
  clear: 1,
  'clear-invalid': 2,
  undo: 9,
  select: 9,
  merge: 6,
  read: 4,
  badge: 1,
  malformed: 1,
};

/** @param owners who takes part; a merge is always a user's */
export function commandsOf(ids: Ids, weights: Weights, owners: readonly string[]): fc.Arbitrary<Command> {
  const operations = operationsOf(ids);
  const weighted = Object.entries(weights).map(([op, weight]) => ({
    weight,
    arbitrary: operations[op as CartOp],
  }));
  const match = rarely(fc.constantFrom<Match>('current', 'current', 'listed', 'any', 'stale'), 6);
  const minimal = rarely(fc.constant(true as const), 6);
  const shopper = fc
    .record({
      by: fc.constant('shopper' as const),
      owner: fc.constantFrom(...owners),
      operation: fc.oneof(...weighted),
      match,
      key: rarely(fc.constantFrom('k1', 'k2', 'k3'), 4),
      minimal,
      alsoAs: rarely(fc.constantFrom(...GUESTS), 12),
    })
    .map((command) => definedOf(command) as Command);
  const repeat = fc
    .record({ by: fc.constant('repeat' as const), back: fc.nat({ max: 2 }), match, minimal })
    .map((command) => definedOf(command) as Command);
  return fc.oneof({ weight: 10, arbitrary: shopper }, { weight: 1, arbitrary: repeat });
}

/** `undefined` but for one time in `times`. */
function rarely<T>(arbitrary: fc.Arbitrary<T>, times: number): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: times - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}

const shop = (owner: string, operation: Operation, more: { match?: Match; key?: string } = {}): Command => ({
  by: 'shopper',
  owner,
  operation,
  ...more,
});

/** Each operation as often as any other: what all of them are refused for must come to the seldom ones too. */
function evenlyOf(ids: Ids, weights: Weights): fc.Arbitrary<Operation> {
  const operations = operationsOf(ids);
  const ops = Object.entries(weights).filter(([, weight]) => weight > 0);
  return fc.oneof(...ops.map(([op]) => operations[op as CartOp]));
}

/** An add that most likely succeeds, so that the rest finds something there. */
export function fillingOf({ skuIds }: Ids, owners: readonly string[]): fc.Arbitrary<Command> {
  const operation = fc.record({
    op: fc.constant('add' as const),
    skuId: fc.constantFrom(...skuIds),
    quantity: fc.constantFrom(1, 2, 3, 6),
    selected: rarely(fc.constant(false), 4),
  });
  return fc
    .tuple(fc.constantFrom(...owners), operation)
    .map(([owner, add]) => shop(owner, definedOf(add) as Operation));
}

/** What makes an item worse than it was when it was added: its limit falls below what is there, or it cannot be bought. */
function worseningOf(skuIds: readonly string[]): fc.Arbitrary<Command> {
  return fc.record({
    by: fc.constant('operator' as const),
    skuId: fc.constantFrom(...skuIds),
    change: fc.constantFrom<SkuChange>({ purchaseLimit: 1 }, { purchaseLimit: 2 }, { stock: 0 }, 'delete'),
  });
}

/** Some things only happen in a row: a removal is undone when the limits have changed or the cart is full meanwhile. */
function undoneOf(ids: Ids, owner: string): fc.Arbitrary<Command[]> {
  const removals = fc.constantFrom<Operation>(
    { op: 'delete', skuId: held(0) },
    { op: 'remove', skuIds: [held(1), held(2), held(3)] },
    { op: 'clear' },
    { op: 'update', skuId: held(0), quantity: 0 },
    { op: 'update', skuId: held(1), delta: -9 },
  );
  const meanwhile = fc.array(fc.oneof(fillingOf(ids, [owner]), worseningOf(ids.skuIds)), { maxLength: 5, size: 'max' });
  return fc
    .tuple(fc.array(fillingOf(ids, [owner]), { maxLength: 4, size: 'max' }), removals, meanwhile, fc.boolean())
    .map(([filling, removal, between, isRepeated]) => {
      const undo: Command[] = isRepeated
        ? [shop(owner, { op: 'undo' }, { key: 'k1' }), { by: 'repeat', back: 0 }]
        : [shop(owner, { op: 'undo' })];
      return [...filling, shop(owner, removal), ...between, ...undo];
    });
}

/**
 * A guest who fills a cart and logs in, with much the same in both carts and the limits changing meanwhile, and then
 * asks as the guest again.
 */
function loginOf(ids: Ids, weights: Weights): fc.Arbitrary<Command[]> {
  const { merge } = operationsOf(ids);
  const few = { ...ids, skuIds: ids.skuIds.slice(0, 4) };
  return fc
    .constantFrom(...GUESTS)
    .chain((guest) =>
      fc
        .tuple(
          fc.array(fillingOf(few, [guest, guest, USER]), { maxLength: 8, size: 'max' }),
          fc.array(worseningOf(few.skuIds), { maxLength: 3, size: 'max' }),
          merge,
          evenlyOf(ids, weights),
        )
        .map(([filling, changes, operation, late]) => [
          ...filling,
          ...changes,
          shop(USER, { ...operation, guest } as Operation),
          shop(guest, late),
        ]),
    );
}

const preview = (owner: string) => shop(owner, { op: 'preview' });

/** A shopper looks at what the cart comes to and orders it; the cart and the shop may change before and in between. */
function orderOf(all: Ids): fc.Arbitrary<Command[]> {
  const ids = { ...all, skuIds: all.skuIds.slice(0, 4) };
  const buyer = fc
    .record({
      by: fc.constant('buyer' as const),
      owner: fc.constantFrom(...Array<string>(12).fill(USER), USERS[1], GUEST),
      shows: fc.constantFrom('quote', 'quote', 'items', 'both', 'nothing'),
      pays: rarely(fc.constant('less' as const), 8),
      key: fc.nat({ max: 1e6 }).map((n) => `c${n}`),
      match: rarely(fc.constantFrom<Match>('current', 'stale'), 8),
    })
    .map((command) => definedOf(command) as Extract<Command, { by: 'buyer' }>);
  const filling = fc.array(fillingOf(ids, [USER]), { minLength: 1, maxLength: 3, size: 'max' });
  const worse: fc.Arbitrary<Command> = fc.record({
    by: fc.constant('operator' as const),
    skuId: fc.constantFrom(...ids.skuIds),
    change: fc.constantFrom<SkuChange>({ purchaseLimit: 1 }, { stock: 0 }, { stock: 1 }, { status: 'off' }, 'delete'),
  });
  const own = fc.oneof(operationsOf(ids).update, operationsOf(ids).delete).map((one) => shop(USER, one));
  const changes = fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.oneof(operatorOf(ids), worse, worse, own).map((command) => [command]) },
  );
  const repeats = fc.constantFrom<Command[]>([], [], [], [{ by: 'repeat', back: 0 }]);
  return fc
    .tuple(filling, changes, changes, buyer, repeats)
    .map(([adds, before, between, submit, after]) => [
      ...adds.map((add) => ({ ...add, owner: submit.owner })),
      ...before,
      preview(submit.owner),
      ...between,
      submit,
      ...after,
    ]);
}

/** Orders in a row, until there are too many; some are closed, and what comes back meets what was added since. */
function ordersOf(ids: Ids): fc.Arbitrary<Command[]> {
  const closing = fc
    .tuple(fc.constantFrom(USER, USER, USER, USERS[1]), fc.constantFrom('cancel', 'cancel', 'pay'), fc.nat({ max: 2 }))
    .map(([owner, op, order]) => shop(owner, { op, order }));
  const raise = shop(USER, { op: 'update', skuId: held(0), delta: 1 });
  const refill = fc.array(fillingOf(ids, [USER]), { maxLength: 4, size: 'max' });
  const end = fc
    .tuple(refill, fc.array(closing, { minLength: 1, maxLength: 3 }), fillingOf(ids, [USER]), fc.boolean())
    .map(([adds, closed, add, isSeen]) => [...adds, ...closed, raise, add, ...(isSeen ? [preview(USER)] : [])]);
  return fc
    .tuple(fc.array(orderOf(ids), { minLength: 1, maxLength: 4, size: 'max' }), end)
    .map((parts) => parts.flat(2));
}

/** An order that costs nothing. */
function freeOf({ skuIds }: Ids): fc.Arbitrary<Command[]> {
  return fc
    .tuple(fc.constantFrom(...skuIds), fc.nat({ max: 1e6 }))
    .map(([skuId, n]) => [
      { by: 'operator', skuId, change: { price: 0, stock: 9, status: 'on' } },
      shop(USER, { op: 'add', skuId, quantity: 1 }),
      shop(USER, { op: 'select', scope: 'all', selected: false }),
      shop(USER, { op: 'select', scope: 'items', skuIds: [skuId], selected: true }),
      preview(USER),
      { by: 'buyer', owner: USER, shows: 'both', key: `c${n}` },
      shop(USER, { op: 'cancel', order: 0 }),
    ]);
}

/** One user and one guest do most, so that carts fill up. */
const OWNERS = [...Array<string>(5).fill(USER), ...Array<string>(3).fill(GUEST), USERS[1], GUESTS[1]];

/** What happens in a sequence: single commands mostly, some of them in a row. */
export function storyOf(ids: Ids, weights: Weights): fc.Arbitrary<Command[]> {
  const single = (arbitrary: fc.Arbitrary<Command>) => arbitrary.map((command) => [command]);
  const stale = fc
    .tuple(fc.constantFrom(...OWNERS), evenlyOf(ids, weights))
    .map(([owner, operation]) => shop(owner, operation, { match: 'stale' }));
  const part = fc.oneof(
    { weight: 24, arbitrary: single(commandsOf(ids, weights, OWNERS)) },
    { weight: 4, arbitrary: single(operatorOf(ids)) },
    { weight: 1, arbitrary: single(stale) },
    { weight: 1, arbitrary: undoneOf(ids, USER) },
    { weight: 1, arbitrary: undoneOf(ids, GUEST) },
    { weight: weights.merge ? 1 : 0, arbitrary: loginOf(ids, weights) },
    { weight: 1, arbitrary: ordersOf(ids) },
    { weight: 1, arbitrary: fc.oneof({ weight: 3, arbitrary: orderOf(ids) }, { weight: 1, arbitrary: freeOf(ids) }) },
  );
  const filling = single(fillingOf(ids, [USER, USER, GUEST]));
  return fc
    .tuple(
      fc.array(filling, { maxLength: 8, size: 'max' }),
      fc.array(part, { minLength: 1, maxLength: 24, size: 'max' }),
    )
    .map((parts) => parts.flat(2));
}

/** What an operator does to the catalogue while shoppers shop. */
export function operatorOf({ skuIds, shopIds }: Ids): fc.Arbitrary<Command> {
  const change: fc.Arbitrary<SkuChange> = fc.oneof(
    price.map((value) => ({ price: value })),
    stock.map((value) => ({ stock: value })),
    stock.map((value) => ({ stock: value })),
    purchaseLimit.map((value) => ({ purchaseLimit: value })),
    fc.constant({ status: 'off' as const }),
    fc.constant({ status: 'on' as const }),
    fc.constantFrom({ name: 'Renamed', price: 777 }, { spec: 'another spec', image: '/other.png' }),
    fc.constantFrom(...shopIds).map((shopId) => ({ shopId, shopName: `Shop ${shopId}` })),
    fc.constantFrom(...shopIds, null).map((spuId) => ({ spuId })),
    fc.constant('delete' as const),
    fc.constant('restore' as const),
  );
  return fc.record({ by: fc.constant('operator' as const), skuId: fc.constantFrom(...skuIds), change });
}
