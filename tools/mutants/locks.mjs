/**
 * Mutants of the lock that guards an add across processes.
 *
 * @type {import('./list.mjs').Mutant[]}
 */
export const LOCK_MUTANTS = [
  {
    name: 'an add does nothing while another process holds the add lock',
    file: 'libs/cart/src/lua/add-items-7.lua',
    from: "and call('GET', LOCK) ~= TOKEN then",
    to: 'and false then',
    spec: 'test/integration/cart.store.int-spec.ts',
    only: 'takes the add lock first',
  },
  {
    name: 'the script of an add takes the lock',
    file: 'libs/cart/src/lua/add-items-7.lua',
    from: "not call('SET', LOCK, TOKEN, 'NX', 'PX', LEASE)",
    to: "call('GET', LOCK)",
    spec: 'test/integration/cart.store.int-spec.ts',
    only: 'takes the add lock first',
  },
  {
    name: 'a lock that a script took is given back',
    file: 'libs/redis/src/redlock.service.ts',
    from: 'this.#taken?.release(name, turn.step.token, forget);',
    to: 'forget();',
    spec: 'test/integration/lock.int-spec.ts',
    only: 'takes and gives back once per sequential call, in the script and one command',
  },
  {
    name: 'whoever finds the lock held waits for it',
    file: 'libs/redis/src/redlock.service.ts',
    from: 'if (!isLocked(result)) return result;',
    to: 'if (result) return result as T;',
    spec: 'test/integration/lock.int-spec.ts',
    only: 'waits while somebody else holds the lock, then goes on under one of redlock',
  },
];
