import { CHECKOUT_MUTANTS } from './checkout.mjs';
import { DESK_MUTANTS } from './desk.mjs';
import { ENGINE_MUTANTS } from './engine.mjs';
import { EVENT_MUTANTS } from './events.mjs';
import { LOCK_MUTANTS } from './locks.mjs';
import { PRICING_MUTANTS } from './pricing.mjs';
import { REPLAY_MUTANTS } from './replay.mjs';
import { SYNC_MUTANTS } from './sync.mjs';
import { PAGE_MUTANTS } from './page.mjs';

/**
 * @typedef {object} Mutant
 * @property {string} name the promise that the code keeps
 * @property {string} file
 * @property {string} from the text that keeps it; it must stand in the file exactly once
 * @property {string} to what stands there in the mutant
 * @property {string} spec the tests that must turn red
 * @property {'unit' | 'integration'} [project]
 * @property {string} [only] one test of the file, when all of it takes long
 */

/** @type {Mutant[]} */
export const MUTANTS = [
  {
    name: 'a row only moves to a higher version',
    file: 'libs/database/src/cart.table.ts',
    from: 'IF(VALUES(version) > version OR version > ${MAX_VERSION}, VALUES(${column}), ${column})',
    to: 'VALUES(${column})',
    spec: 'test/integration/cart-changed.writer.int-spec.ts',
  },
  {
    name: 'the version is assigned last',
    file: 'libs/database/src/cart.table.ts',
    from: "const GUARD = COLUMNS.split(',')",
    to: "const GUARD = COLUMNS.split(',').reverse()",
    spec: 'test/integration/cart-changed.writer.int-spec.ts',
  },
  {
    name: 'the consumer returns only after the commit',
    file: 'libs/sync/src/cart-changed.consumer.ts',
    from: 'await this.breaker.run(',
    to: 'void this.breaker.run(',
    spec: 'test/integration/cart-changed.writer.int-spec.ts',
  },
  {
    name: 'a message whose handler failed is not acknowledged',
    file: 'libs/rocketmq/src/rocketmq.server.ts',
    from: 'lease.giveBack(message, delayMs);',
    to: 'lease.ack(message);',
    spec: 'test/integration/rocketmq-transport.int-spec.ts',
    only: 'delivers again what failed once',
  },
  {
    name: 'a user without the loaded flag is unknown, not empty',
    file: 'libs/cart/src/lua/includes/cart.lua',
    from: "state = IS_USER and '0' or '1'",
    to: "state = '1'",
    spec: 'test/integration/cold-load.int-spec.ts',
  },
  {
    name: 'the script that changes the cart appends the event',
    file: 'libs/cart/src/lua/includes/cart.lua',
    from: "    append_event(action, source or (IS_USER and 'user' or 'guest'))\n",
    to: '',
    spec: 'test/integration/cart.store.int-spec.ts',
  },
  {
    name: 'only the latest load may restore',
    file: 'libs/cart/src/lua/restore-cart-4.lua',
    from: "if call('GET', LOAD) ~= ARGV[1] then",
    to: 'if false then',
    spec: 'test/integration/cold-load.int-spec.ts',
  },
  {
    name: 'a load never overwrites a loaded cart',
    file: 'libs/cart/src/lua/restore-cart-4.lua',
    from: 'if meta and string.find(',
    to: 'if false and string.find(',
    spec: 'test/integration/cold-load.int-spec.ts',
  },
  {
    name: 'a tombstone keeps a removed item out of a load',
    file: 'libs/cart/src/lua/restore-cart-4.lua',
    from: 'if not tombstones[sku] or tonumber(v) > tombstones[sku] then',
    to: 'if true then',
    spec: 'test/integration/cold-load.int-spec.ts',
  },
  {
    name: 'a repair is made only at the version that was compared',
    file: 'libs/cart/src/lua/repair-cart-4.lua',
    from: "if not raw_meta or string.match(raw_meta, '^(%d+) 1 ') ~= COMPARED then",
    to: 'if false then',
    spec: 'test/integration/sync.service.int-spec.ts',
  },
  {
    name: 'the limit is judged on the sum, inside the script',
    file: 'libs/cart/src/lua/includes/inventory.lua',
    from: 'if sum > maximum then',
    to: 'if false then',
    spec: 'test/integration/cart.store.int-spec.ts',
  },
  {
    name: 'an entry leaves the outbox only after the receipt',
    file: 'libs/sync/src/outbox.relay.ts',
    from: 'if (!(error instanceof PayloadTooLargeError)) throw error;',
    to: '',
    spec: 'test/integration/outbox.relay.int-spec.ts',
  },
  {
    name: 'a removal that was not committed keeps its tombstone',
    file: 'libs/sync/src/cart-changed.writer.ts',
    from: 'await this.feedback.confirmRemovals(committed);',
    to: 'await this.feedback.confirmRemovals(changes);',
    spec: 'test/integration/cart-changed.writer.int-spec.ts',
  },
  {
    name: 'a confirmed removal ends the load that may not have seen it',
    file: 'libs/cart/src/lua/confirm-removals-2.lua',
    from: "if gone > 0 then redis.call('DEL', KEYS[2]) end",
    to: 'local _ = KEYS[2]',
    spec: 'test/integration/cold-load.int-spec.ts',
  },
  {
    name: 'a tombstone goes only for a removal at least as new',
    file: 'libs/cart/src/lua/confirm-removals-2.lua',
    from: '<= tonumber(ARGV[i + 1]) then',
    to: '~= nil then',
    spec: 'test/integration/cart-changed.writer.int-spec.ts',
  },
  {
    name: 'a cart that was written never expires as an empty one',
    file: 'libs/cart/src/lua/includes/cart.lua',
    from: "      call('PERSIST', CART)\n",
    to: '',
    spec: 'test/integration/cold-load.int-spec.ts',
  },
  {
    name: 'a comparison does not let an old removal outrank an item',
    file: 'libs/sync/src/sync.plan.ts',
    from: 'const removed = picture.removed.filter((tombstone) => !held.has(tombstone.skuId));',
    to: 'const removed = picture.removed;',
    spec: 'libs/sync/src/sync.plan.spec.ts',
    project: 'unit',
  },
  {
    name: 'a key that was withdrawn ends the tokens under it',
    file: 'libs/identity/src/user-tokens.ts',
    from: 'return now < known.trustedUntil ? known.caller : this.check(token);',
    to: 'return known.caller;',
    spec: 'libs/identity/src/jwks-keys.spec.ts',
    project: 'unit',
  },
  {
    name: 'a key server that is away is left in peace',
    file: 'libs/identity/src/jwks-keys.ts',
    from: 'this.askAgainAt = Date.now() + this.options.cooldownMs;',
    to: '',
    spec: 'libs/identity/src/jwks-keys.spec.ts',
    project: 'unit',
  },
  {
    name: 'who is over a limit costs Redis nothing',
    file: 'libs/identity/src/rate-limits/rate-limiter.ts',
    from: 'this.refusedUntil.set(key, Date.now() - left);',
    to: '',
    spec: 'test/integration/rate-limits.int-spec.ts',
    only: 'sends one command a request',
  },
  {
    name: 'the script that makes the change writes the record of its request',
    file: 'libs/cart/src/lua/includes/cart.lua',
    from: "  record('OK', lines)\n",
    to: '',
    spec: 'test/integration/idempotency.int-spec.ts',
  },
  {
    name: 'a refusal is kept for repeats',
    file: 'libs/cart/src/lua/includes/cart.lua',
    from: "  record('REFUSED', lines)\n",
    to: '',
    spec: 'test/integration/idempotency.int-spec.ts',
  },
  {
    name: 'a script looks at the record before anything else',
    file: 'libs/cart/src/lua/includes/cart.lua',
    from: '  if repeated then return repeated end\n',
    to: '',
    spec: 'test/integration/idempotency.int-spec.ts',
  },
  {
    name: 'only its own request ends a claim',
    file: 'libs/identity/src/lua/settle-idempotency-1.lua',
    from: "if redis.call('GET', KEYS[1]) ~= 'running ' .. ARGV[1] .. ' ' .. ARGV[2] then return 0 end\n",
    to: '',
    spec: 'test/integration/idempotency.int-spec.ts',
  },
  {
    name: 'no script changes a cold cart',
    file: 'libs/cart/src/lua/includes/cart.lua',
    from: "if meta.state == '0' then",
    to: 'if false then',
    spec: 'test/integration/cart.editing.int-spec.ts',
  },
  {
    name: 'no item is passed over that came while the others were judged',
    file: 'libs/cart/src/lua/remove-items-6.lua',
    from: "if ACTION == 'clear-invalid' and not judged[sku] then return { 'CHANGED' } end",
    to: '',
    spec: 'test/integration/cart.editing.int-spec.ts',
    only: 'wants another look when there is an item',
  },
  {
    name: 'an undo brings back only the removal that was looked at',
    file: 'libs/cart/src/lua/undo-removal-6.lua',
    from: "if (call('HGET', UNDO, '_') or '') ~= REMOVAL then return { 'CHANGED' } end\n",
    to: '',
    spec: 'test/integration/cart.editing.int-spec.ts',
  },
  {
    name: 'what was added again since is not cleared as invalid',
    file: 'libs/cart/src/lua/remove-items-6.lua',
    from: "if ACTION ~= 'clear-invalid' or item.position == judged[sku] then",
    to: "if ACTION ~= 'clear-invalid' or judged[sku] ~= '' then",
    spec: 'test/integration/cart.editing.int-spec.ts',
  },
  {
    name: 'a selection passes invalid items over',
    file: 'libs/cart/src/lua/select-items-6.lua',
    from: "if verdict == '1' then",
    to: 'if true then',
    spec: 'test/integration/cart.editing.int-spec.ts',
  },
  {
    name: 'a frozen or merged guest cart takes no writes',
    file: 'libs/cart/src/lua/includes/cart.lua',
    from: "if meta.state == '2' then",
    to: 'if false then',
    spec: 'test/integration/merge.store.int-spec.ts',
  },
  {
    name: 'a merge freezes the guest’s cart first',
    file: 'libs/cart/src/lua/freeze-guest-2.lua',
    from: "  call('HSET', CART, '_', version .. ' 2 ' .. skus .. ' ' .. rest)\n",
    to: '',
    spec: 'test/integration/merge.store.int-spec.ts',
  },
  {
    name: 'a merge is applied once, by its record',
    file: 'libs/cart/src/lua/apply-merge-7.lua',
    from: "call('SET', RECORD, table.concat(lines, ';', 2), 'EX', ARGV[9])",
    to: 'local _ = RECORD',
    spec: 'test/integration/merge.store.int-spec.ts',
  },
  {
    name: 'a guest’s cart is not given back while another attempt may have applied it',
    file: 'libs/cart/src/lua/unfreeze-guest-2.lua',
    from: "if string.sub(found[2], 1, #ARGV[1] + 10) ~= 'frozen ' .. ARGV[1] .. ' 1 ' then",
    to: "if string.sub(found[2], 1, #ARGV[1] + 8) ~= 'frozen ' .. ARGV[1] .. ' ' then",
    spec: 'test/integration/merge.store.int-spec.ts',
  },
  {
    name: 'a sweeper begins no merge',
    file: 'libs/cart/src/lua/freeze-guest-2.lua',
    from: " or STRATEGY == ''",
    to: '',
    spec: 'test/integration/merge.store.int-spec.ts',
  },
  {
    name: 'nobody hears of a guest cart that is another’s',
    file: 'libs/cart/src/lua/freeze-guest-2.lua',
    from: "  if owner ~= USER then return { 'NONE' } end\n",
    to: '',
    spec: 'test/integration/merge.store.int-spec.ts',
  },
  ...CHECKOUT_MUTANTS,
  ...DESK_MUTANTS,
  ...ENGINE_MUTANTS,
  ...LOCK_MUTANTS,
  ...PRICING_MUTANTS,
  ...SYNC_MUTANTS,
  ...EVENT_MUTANTS,
  ...PAGE_MUTANTS,
  ...REPLAY_MUTANTS,
];
