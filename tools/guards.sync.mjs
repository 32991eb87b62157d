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
  {
    name: 'without MySQL nothing is received',
    file: 'libs/sync/src/mysql.breaker.ts',
    from: 'else context.holdUntil(',
    to: 'else void (',
    spec: 'test/integration/cart-changed.writer.int-spec.ts',
    only: 'has the message held until it is back',
  },
  {
    name: 'a full outbox takes no more',
    file: 'libs/cart/src/lua/includes/cart.lua',
    from: "if is_full and source ~= 'order' then return mark() end",
    to: "if is_full and source == 'order' then return mark() end",
    spec: 'test/integration/outbox-overflow.int-spec.ts',
    only: 'takes no more',
  },
  {
    name: 'a mark goes only when it is the one that was seen',
    file: 'libs/sync/src/lua/settle-mark-1.lua',
    from: '~= ARGV[2] then',
    to: "== '' then",
    spec: 'test/integration/outbox-overflow.int-spec.ts',
    only: 'stays when the cart is changed',
  },
  {
    name: 'a cart is evicted only at the version that was compared',
    file: 'libs/cart/src/lua/evict-cart-6.lua',
    from: "~= ARGV[2] then return 'CHANGED' end",
    to: "== '' then return 'CHANGED' end",
    spec: 'test/integration/eviction.int-spec.ts',
    only: 'leaves a cart alone',
  },
  {
    name: 'an eviction takes its token from a load under way',
    file: 'libs/cart/src/lua/evict-cart-6.lua',
    from: "call('DEL', KEYS[1], KEYS[4])",
    to: "call('DEL', KEYS[1])",
    spec: 'test/integration/eviction.int-spec.ts',
    only: 'takes its token',
  },
  {
    name: 'an add onto what nobody can read waits for what MySQL has',
    file: 'libs/cart/src/lua/includes/cart.lua',
    from: " or error('UNREADABLE', 0)",
    to: '',
    spec: 'test/integration/unreadable-fields.int-spec.ts',
    only: 'takes an add onto',
  },
  {
    name: 'a field that nobody can read brings no removed item back',
    file: 'libs/cart/src/cart.loader.ts',
    from: ' && !gone.has(skuId)',
    to: '',
    spec: 'test/integration/unreadable-fields.int-spec.ts',
    only: 'does not get an item back',
  },
  {
    name: 'what alarms count begins at 0',
    file: 'libs/sync/src/runs/sync-runs.metrics.ts',
    from: '    this.beginAtZero();\n',
    to: '',
    spec: 'libs/sync/src/runs/sync-runs.metrics.spec.ts',
    project: 'unit',
    only: 'before it happens',
  },
];
