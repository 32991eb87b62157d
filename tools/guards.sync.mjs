/**
 * Guards of the way to MySQL and back: change log, outbox cap, breaker, eviction.
 * @type {import('./guards.list.mjs').Guard[]}
 */
export const SYNC_GUARDS = [
  {
    name: 'the event of a change names its device',
    file: 'libs/cart/src/lua/includes/cart.lua',
    from: "'s', source, 'd', DEVICE, ...)",
    to: "'s', source, ...)",
    spec: 'test/integration/cart.store.int-spec.ts',
    only: 'says which device made it',
  },
];
