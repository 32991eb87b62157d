/**
 * Removes each guard of the service in turn, in a copy, and runs the tests that stand for it: green before, they must
 * turn red. A guard nothing misses is either no guard or has no test. Needs the services that `npm test` starts.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const COPIED = ['apps', 'libs', 'test', 'tools', 'ormconfig.ts', 'tsconfig.json', 'vitest.config.ts', 'package.json'];
const RUN_MS = 180_000;

/**
 * @typedef {object} Guard
 * @property {string} name what the guard promises
 * @property {string} file
 * @property {string} from the text that is the guard; it must stand in the file exactly once
 * @property {string} to what stands there without it
 * @property {string} spec the tests that must turn red
 * @property {'unit' | 'integration'} [project]
 * @property {string} [only] one test of the file, when all of it takes long
 */

/** @type {Guard[]} */
const GUARDS = [
  {
    name: 'a row only moves to a higher version',
    file: 'libs/database/src/cart.table.ts',
    from: 'IF(VALUES(version) > version, VALUES(${column}), ${column})',
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
    from: 'await this.writer.apply(',
    to: 'this.writer.apply(',
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
    from: 'loaded = not IS_USER',
    to: 'loaded = true',
    spec: 'test/integration/cold-load.int-spec.ts',
  },
  {
    name: 'the script that changes the cart appends the event',
    file: 'libs/cart/src/lua/includes/cart.lua',
    from: '  append_event(action)\n',
    to: '',
    spec: 'test/integration/cart.store.int-spec.ts',
  },
  {
    name: 'only the latest load may restore',
    file: 'libs/cart/src/lua/restore-cart-3.lua',
    from: "if call('GET', LOAD) ~= ARGV[1] then",
    to: 'if false then',
    spec: 'test/integration/cold-load.int-spec.ts',
  },
  {
    name: 'a load never overwrites a loaded cart',
    file: 'libs/cart/src/lua/restore-cart-3.lua',
    from: "if call('HEXISTS', CART, '_') == 1 then",
    to: 'if false then',
    spec: 'test/integration/cold-load.int-spec.ts',
  },
  {
    name: 'a tombstone keeps a removed item out of a load',
    file: 'libs/cart/src/lua/restore-cart-3.lua',
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
    from: 'await this.confirmRemovals(committed);',
    to: 'await this.confirmRemovals(changes);',
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
];

const copy = mkdtempSync(join(tmpdir(), 'guards-'));
let failed = 0;
try {
  for (const path of COPIED) cpSync(join(ROOT, path), join(copy, path), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  const specs = new Map(GUARDS.map((guard) => [guard.spec, guard]));
  for (const [spec, guard] of specs) {
    const { failed: red, passed } = runTests(guard);
    // Red for another reason would make every guard look missed.
    if (red > 0 || passed === 0) throw new Error(`${spec} must be green before a guard is taken away: ${red} failed`);
  }
  for (const guard of GUARDS) {
    const problem = withoutGuard(guard);
    console.log(`${problem ? 'NOT MISSED' : 'missed'}  ${guard.name}${problem ? `: ${problem}` : ''}`);
    if (problem) failed += 1;
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(`${GUARDS.length - failed} of ${GUARDS.length} guards are missed when they are gone`);
process.exit(failed === 0 ? 0 : 1);

/**
 * Runs the guard's tests without it.
 * @param {Guard} guard
 * @returns {string | undefined} why the removal was not noticed; undefined when it was
 */
function withoutGuard(guard) {
  const { file, from, to } = guard;
  const path = join(copy, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(from).length !== 2) return `its text does not stand in ${file} exactly once`;
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  try {
    const { failed: red, passed } = runTests(guard);
    // A file that does not even load would look red too.
    if (red + passed === 0) return 'no test ran';
    return red > 0 ? undefined : `${passed} tests are still green`;
  } catch (error) {
    return String(error);
  } finally {
    writeFileSync(path, text);
  }
}

/**
 * Runs the tests of one guard in the copy, as it is now.
 * @param {Guard} guard
 * @returns {{ passed: number, failed: number }}
 */
function runTests({ spec, project = 'integration', only = '' }) {
  const report = join(copy, 'report.json');
  rmSync(report, { force: true });
  const vitest = join(copy, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--project', project, spec, '--reporter=json', `--outputFile=${report}`];
  if (only) args.push('-t', only);
  const run = spawnSync(process.execPath, args, {
    cwd: copy,
    timeout: RUN_MS,
    killSignal: 'SIGKILL',
    encoding: 'utf8',
  });
  if (run.error) throw new Error(`the tests did not end: ${run.error.message}`);
  /** @type {{ numFailedTests: number, numPassedTests: number }} */
  const { numFailedTests, numPassedTests } = JSON.parse(readFileSync(report, 'utf8'));
  return { passed: numPassedTests, failed: numFailedTests };
}
