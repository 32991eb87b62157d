/**
 * Removes each guard of the service in turn, in a copy, and runs the tests that stand for it: green before, they must
 * turn red. A guard nothing misses is either no guard or has no test. Needs the services that `npm test` starts.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GUARDS as ALL } from './guards.list.mjs';

const ROOT = join(import.meta.dirname, '..');
const COPIED = [
  'apps',
  'docs',
  'libs',
  'test',
  'tools',
  'ormconfig.ts',
  'tsconfig.json',
  'vitest.config.ts',
  'package.json',
];
const RUN_MS = 180_000;

/** Words on the command line choose the guards that have one of them in their name. */
const words = process.argv.slice(2);
const GUARDS = ALL.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));

/** @typedef {import('./guards.list.mjs').Guard} Guard */

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
