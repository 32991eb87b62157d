/** One process of `tools/mutants.mjs`: a copy of the repository, and one Vitest that runs its tests over and over. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVitest } from 'vitest/node';

/**
 * @typedef {import('./list.mjs').Mutant} Mutant
 * @typedef {import('vitest/node').Vitest} Vitest
 */

const ROOT = join(import.meta.dirname, '../..');
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

const copy = mkdtempSync(join(tmpdir(), 'mutants-'));
for (const path of COPIED) cpSync(join(ROOT, path), join(copy, path), { recursive: true });
symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
process.chdir(copy);
process.env['TEST_CACHE_DIR'] = join(copy, 'cache');
/** @type {Vitest} */
const vitest = await createVitest('test', {
  root: copy,
  watch: false,
  // One red test is enough.
  bail: 1,
  reporters: [{}],
});
await vitest.standalone();

process.on('message', (/** @type {Mutant[]} */ batch) => void work(batch));
process.on('disconnect', () => void end(0));
process.once('SIGTERM', () => void end(1));

/** @param {number} code */
async function end(code) {
  await vitest.close().catch(() => {});
  rmSync(copy, { recursive: true, force: true });
  process.exit(code);
}

/** @param {Mutant[]} batch of the same tests */
async function work(batch) {
  const red = await problemOfGreen(/** @type {Mutant} */ (batch[0]));
  for (const mutant of batch) {
    const begun = performance.now();
    const problem = red ?? (await survival(mutant).catch(String));
    process.send?.({ name: mutant.name, problem, seconds: (performance.now() - begun) / 1000 });
  }
}

/** Tests that are red without a mutant would make each one look killed. @param {Mutant} mutant */
async function problemOfGreen(mutant) {
  const { passed, reasons } = await runTests(mutant);
  return reasons.length === 0 && passed > 0 ? undefined : `${mutant.spec} is not green as it is: ${reasons.join('\n')}`;
}

/**
 * Runs the tests of a mutant.
 * @param {Mutant} mutant
 * @returns {Promise<string | undefined>} why it lives; undefined when a test is red
 */
async function survival(mutant) {
  const path = join(copy, mutant.file);
  const text = readFileSync(path, 'utf8');
  if (text.split(mutant.from).length !== 2) return `its text does not stand in ${mutant.file} exactly once`;
  write(
    path,
    text.replace(mutant.from, () => mutant.to),
  );
  try {
    const { passed, reasons } = await runTests(mutant);
    if (passed + reasons.length === 0) return 'no test ran';
    return reasons.length > 0 ? undefined : `${passed} tests are still green`;
  } finally {
    write(path, text);
  }
}

/** @param {string} path @param {string} text */
function write(path, text) {
  writeFileSync(path, text);
  vitest.invalidateFile(path);
}

/**
 * @param {Mutant} mutant
 * @returns {Promise<{ passed: number, reasons: string[] }>} `reasons`: of the tests that failed. A file that does not
 *   load is an error of the mutant itself, and no test.
 */
async function runTests({ spec, project = 'integration', only }) {
  vitest.setGlobalTestNamePattern(only ?? '');
  const specification = vitest.getProjectByName(project).createSpecification(join(copy, spec));
  const { testModules } = await vitest.runTestSpecifications([specification]);
  // Modules of earlier runs are on the list as well.
  const modules = testModules.filter(
    ({ moduleId, project: { name } }) => moduleId === specification.moduleId && name === project,
  );
  const tests = modules.flatMap((module) => [...module.children.allTests()]).map((test) => test.result());
  return {
    passed: tests.filter(({ state }) => state === 'passed').length,
    reasons: tests
      .filter(({ state }) => state === 'failed')
      .flatMap(({ errors }) => errors?.map(({ message }) => message) ?? ['']),
  };
}
