import { SKUS, call } from './targets.mjs';

/**
 * @typedef {import('./targets.mjs').Target} Target
 * @typedef {import('./targets.mjs').Cart} Cart
 * @typedef {import('./targets.mjs').Request} Request
 *
 * @typedef {object} Workload
 * @property {string} title
 * @property {keyof typeof CARTS} carts the ones it works on
 * @property {(target: Target, carts: Cart[], random: () => number) => Request} next
 */

/** A cart for reading holds this many items. */
const ITEMS = 20;
/** Of them, `mixed` removes the last ones only and sets the others, so that a cart keeps 15 to 20. */
const KEPT = 15;
/** Carts by what becomes of them: items of each before the clock starts, and whether there is only one. */
const CARTS = {
  growing: { items: 0, single: false },
  steady: { items: ITEMS, single: false },
  changing: { items: ITEMS, single: false },
  hot: { items: 0, single: true },
};
/** Requests prepared per connection; a connection repeats its list. */
const PREPARED = 400;
const FILLING = 16;

/** @template T @param {T[]} list @param {() => number} random @returns {T} */
const oneOf = (list, random) => /** @type {T} */ (list[Math.floor(random() * list.length)]);

/** @type {Record<string, Workload>} */
export const WORKLOADS = {
  add: {
    title: 'add, minimal answer',
    carts: 'growing',
    next: (target, carts, random) => target.add(oneOf(carts, random), oneOf(SKUS, random), 'minimal'),
  },
  'add-full': {
    title: `add, answer with the cart of ${ITEMS}`,
    carts: 'steady',
    next: (target, carts, random) => target.add(oneOf(carts, random), oneOf(SKUS.slice(0, ITEMS), random), 'full'),
  },
  read: {
    title: `read a cart of ${ITEMS}`,
    carts: 'steady',
    next: (target, carts, random) => target.read(oneOf(carts, random)),
  },
  mixed: {
    title: '60 % read, 25 % add, 10 % set, 5 % remove',
    carts: 'changing',
    next: (target, carts, random) => {
      const cart = oneOf(carts, random);
      const what = random();
      if (what < 0.6) return target.read(cart);
      if (what < 0.85) return target.add(cart, oneOf(SKUS.slice(0, ITEMS), random), 'minimal');
      if (what < 0.95) return target.set(cart, oneOf(SKUS.slice(0, KEPT), random), 1 + Math.floor(random() * 9));
      return target.remove(cart, oneOf(SKUS.slice(KEPT, ITEMS), random));
    },
  },
  hot: {
    title: 'one hot cart: add one SKU',
    carts: 'hot',
    next: (target, [cart]) => target.add(/** @type {Cart} */ (cart), /** @type {string} */ (SKUS[0]), 'minimal'),
  },
};

/**
 * The carts of one kind on one target, each of another user, with what they hold before the clock starts.
 * @param {Target} target
 * @param {keyof typeof CARTS} kind
 * @param {number} count
 * @returns {Promise<Cart[]>}
 */
export async function openCarts(target, kind, count) {
  const { items, single } = CARTS[kind];
  const first = 1_000_000 * (1 + Object.keys(CARTS).indexOf(kind));
  const carts = await Promise.all(Array.from({ length: single ? 1 : count }, (_, index) => target.open(first + index)));
  const waiting = [...carts];
  const fill = async () => {
    for (let cart = waiting.pop(); cart; cart = waiting.pop()) {
      for (const skuId of SKUS.slice(0, items)) await call(target, target.add(cart, skuId, 'minimal'));
    }
  };
  await Promise.all(Array.from({ length: FILLING }, fill));
  return carts;
}

/**
 * The requests of each connection, the same for every target and in every round.
 * @param {Workload} workload
 * @param {Target} target
 * @param {Cart[]} carts
 * @param {number} connections
 * @returns {Request[][]}
 */
export function prepare({ next }, target, carts, connections) {
  const random = generator(20_251_122);
  return Array.from({ length: connections }, () => Array.from({ length: PREPARED }, () => next(target, carts, random)));
}

/** Whether all requests of a workload go to one cart, where what arrived can be counted. @param {Workload} workload */
export function isHot({ carts }) {
  return CARTS[carts].single;
}

/** Repeatable numbers in [0, 1), from a linear congruential generator. @param {number} seed */
function generator(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
