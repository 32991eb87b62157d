/**
 * Removes each guard of the service in turn, in a copy, and runs the tests that stand for it: green before, they must
 * turn red. A guard nothing misses is either no guard or has no test. Needs the services that `npm test` starts.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
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

/**
 * @typedef {import('./guards.list.mjs').Guard} Guard
 * @typedef {NonNullable<Guard['project']>} Project
 */

const copy = mkdtempSync(join(tmpdir(), 'guards-'));
let failed = 0;
try {
  for (const path of COPIED) cpSync(join(ROOT, path), join(copy, path), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  for (const project of /** @type {Project[]} */ (['unit', 'integration'])) {
    const its = GUARDS.filter((guard) => (guard.project ?? 'integration') === project);
    // Where one test stands for the guard, the others of its file need not run.
    for (const guards of [its.filter(({ only }) => only), its.filter(({ only }) => !only)]) {
      if (guards.length > 0) assertGreen(project, guards);
    }
  }
  for (const guard of GUARDS) {
    const begun = performance.now();
    const problem = withoutGuard(guard);
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    console.log(`${problem ? 'NOT MISSED' : 'missed'}  ${guard.name}${problem ? `: ${problem}` : ''} (${seconds} s)`);
    if (problem) failed += 1;
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(`${GUARDS.length - failed} of ${GUARDS.length} guards are missed when they are gone`);
process.exit(failed === 0 ? 0 : 1);

/**
 * Red for another reason would make every guard look missed.
 * @param {Project} project
 * @param {Guard[]} guards
 */
function assertGreen(project, guards) {
  const only = guards.flatMap((guard) => guard.only ?? []).join('|');
  const files = runTests(project, [...new Set(guards.map(({ spec }) => spec))], { only, limitMs: 10 * RUN_MS });
  for (const { spec } of guards) {
    const { passed = 0, reasons = [] } = files.find(({ file }) => file === spec) ?? {};
    if (reasons.length === 0 && passed > 0) continue;
    throw new Error(`${spec} must be green before a guard is taken away\n${reasons.join('\n')}`);
  }
}

/**
 * Runs the guard's tests without it.
 * @param {Guard} guard
 * @returns {string | undefined} why the removal was not noticed; undefined when it was
 */
function withoutGuard({ file, from, to, spec, project = 'integration', only }) {
  const path = join(copy, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(from).length !== 2) return `its text does not stand in ${file} exactly once`;
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  try {
    // One red test is enough. The schema is there since the tests were green.
    const [tests] = runTests(project, [spec], { only, bail: 1, env: { TEST_SCHEMA: 'ready' } });
    // A file that does not even load would look red too.
    if (!tests || tests.reasons.length + tests.passed === 0) return 'no test ran';
    return tests.reasons.length > 0 ? undefined : `${tests.passed} tests are still green`;
  } catch (error) {
    return String(error);
  } finally {
    writeFileSync(path, text);
  }
}

/**
 * Runs tests in the copy, as it is now.
 * @param {Project} project
 * @param {string[]} specs
 * @param {{ only?: string, bail?: number, limitMs?: number, env?: NodeJS.ProcessEnv }} [options] `only`: a pattern of
 *   names; `bail`: end after so many red tests
 * @returns {{ file: string, passed: number, reasons: string[] }[]} `reasons`: of the failed ones
 */
function runTests(project, specs, { only, bail = 0, limitMs = RUN_MS, env = {} } = {}) {
  const report = join(copy, 'report.json');
  rmSync(report, { force: true });
  const vitest = join(copy, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--project', project, ...specs, `--bail=${bail}`];
  args.push('--reporter=json', `--outputFile=${report}`);
  if (only) args.push('-t', only);
  const run = spawnSync(process.execPath, args, {
    cwd: copy,
    timeout: limitMs,
    killSignal: 'SIGKILL',
    encoding: 'utf8',
    // Almost all of the code is the same from one run to the next.
    env: { ...process.env, TEST_CACHE_DIR: join(copy, 'cache'), ...env },
  });
  if (run.error) throw new Error(`the tests did not end: ${run.error.message}`);
  /** @type {{ testResults: { name: string, assertionResults: { status: string, failureMessages: string[] }[] }[] }} */
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  return testResults.map(({ name, assertionResults }) => ({
    file: relative(realpathSync(copy), name),
    passed: assertionResults.filter(({ status }) => status === 'passed').length,
    reasons: assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ failureMessages }) => failureMessages.join('\n')),
  }));
}
