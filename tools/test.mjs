/** `npm test` and `npm run test:deep`: the stages of a tier, or the named ones, on private servers. */
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Failure, isAbort } from './lib/failure.mjs';
import { STOP_MS, run } from './lib/launcher.mjs';
import { forget, keep, kept, line, slowest, sum } from './lib/results.mjs';
import { ABOUT, help, stepsOf } from './lib/stages.mjs';
import { STAGE_STOP_MS, TestRun } from './lib/test-run.mjs';

/**
 * @typedef {import('./lib/results.mjs').Counts} Counts
 * @typedef {import('./lib/stages.mjs').Tier} Tier
 */

const root = fileURLToPath(new URL('..', import.meta.url));
const dataDir = resolve(root, process.env['TEST_DATA_DIR'] || join('.data', 'test'));

const { values, positionals } = readArguments();
/** @type {Tier} */
const tier = values.deep ? 'deep' : 'fast';
if (values.help) {
  console.log(help());
} else if (values.total) {
  const total = kept(dataDir);
  console.log(line(total));
  process.exitCode = total.failed === 0 ? 0 : 1;
} else {
  await run({
    dataDir,
    stoppedCode: 130,
    // A test may run a whole `npm start`, which needs its own time to stop before we stop ours.
    stopMs: STAGE_STOP_MS + STOP_MS,
    main: async ({ progress, signal, onStop }) => {
      const steps = stepsOf(tier, positionals);
      const shards = Number(values.shards ?? 3);
      const tests = new TestRun({ root, dataDir, progress, signal, shards, file: values.file, name: values.name });
      onStop((deadline) => tests.stop(deadline));
      if (positionals.length === 0) forget(dataDir, tier);

      const installed = await counted(async () => {
        await tests.install();
        return { passed: 0, failed: 0 };
      });
      const total = installed.failed > 0 ? installed : await runSteps(tests, steps);
      await tests.stop(Date.now() + STOP_MS);
      if (positionals.length === 0) keep(dataDir, tier, total);
      console.log(`\n${line(total)}`);
      return total.failed === 0 ? 0 : 1;
    },
  });
}

function readArguments() {
  const text = /** @type {const} */ ({ type: 'string', multiple: false });
  const flag = /** @type {const} */ ({ type: 'boolean', multiple: false });
  const options = { deep: flag, total: flag, help: flag, file: text, name: text, shards: text };
  try {
    const read = parseArgs({ options, allowPositionals: true });
    const unknown = read.positionals.filter((name) => !(name in ABOUT));
    if (unknown.length > 0) throw new Failure(`There is no stage ${unknown.join(', ')}.`);
    if (!/^[1-9]$/.test(read.values.shards ?? '3')) throw new Failure('--shards takes a number from 1 to 9.');
    return read;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${help()}`);
    process.exit(2);
  }
}

/**
 * Runs the steps in order until one fails, then shows where the time went.
 * @param {TestRun} tests
 * @param {string[][]} steps
 */
async function runSteps(tests, steps) {
  /** @type {{ name: string, seconds: number }[]} */
  const times = [];
  let total = { passed: 0, failed: 0 };
  for (const step of steps) {
    console.log(`\n── ${step.join(', ')} ${'─'.repeat(Math.max(0, 100 - step.join(', ').length))}`);
    const output = step.length > 1 ? 'log' : 'terminal';
    const counts = await Promise.all(
      step.map(async (name) => {
        const begun = performance.now();
        const { passed, failed } = await counted(async () => await tests.stages[name]?.(output));
        const seconds = (performance.now() - begun) / 1000;
        times.push({ name, seconds });
        const outcome = failed === 0 ? 'ok' : 'FAILED';
        console.log(`── ${name}: ${outcome}, ${line({ passed, failed })}, ${seconds.toFixed(1)} s`);
        return { passed, failed };
      }),
    );
    total = sum([total, ...counts]);
    if (total.failed > 0) break;
  }
  console.log('\nSeconds per stage');
  for (const { name, seconds } of times) console.log(`${seconds.toFixed(1).padStart(7)} s  ${name}`);
  const slow = slowest(tests.files);
  if (slow.length > 0) console.log(`\nSlowest test files\n${slow.join('\n')}`);
  return total;
}

/**
 * An error is a failed stage; only the wish to stop is thrown on.
 * @param {() => Promise<Counts | undefined>} stage
 * @returns {Promise<Counts>}
 */
async function counted(stage) {
  try {
    return (await stage()) ?? { passed: 0, failed: 1 };
  } catch (error) {
    if (isAbort(error)) throw error;
    console.error(error instanceof Failure ? error.message : error);
    return { passed: 0, failed: 1 };
  }
}
