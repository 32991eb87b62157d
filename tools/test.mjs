/** `npm test`: every stage on private servers; `node tools/test.mjs <stage> …` runs only the named ones. */
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure, isAbort } from './lib/failure.mjs';
import { STOP_MS, run } from './lib/launcher.mjs';
import { STAGE_STOP_MS, TestRun } from './lib/test-run.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Runs the stages in order until one fails.
 * @param {TestRun} tests
 * @param {string[]} names
 */
async function runStages(tests, names) {
  const total = { passed: 0, failed: 0 };
  for (const name of names) {
    const begun = performance.now();
    console.log(`\n── ${name} ${'─'.repeat(Math.max(0, 100 - name.length))}`);
    const { passed, failed } = await counted(tests.stages[name]);
    total.passed += passed;
    total.failed += failed;
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    console.log(`── ${name}: ${failed === 0 ? 'ok' : 'FAILED'}, ${passed} passed, ${failed} failed, ${seconds} s`);
    if (failed > 0) break;
  }
  return total;
}

/**
 * An error is a failed stage; only the wish to stop goes on up.
 * @param {(() => Promise<{ passed: number, failed: number }>) | undefined} stage
 */
async function counted(stage) {
  try {
    return (await stage?.()) ?? { passed: 0, failed: 1 };
  } catch (error) {
    if (isAbort(error)) throw error;
    console.error(error instanceof Failure ? error.message : error);
    return { passed: 0, failed: 1 };
  }
}

await run({
  dataDir: resolve(root, process.env['TEST_DATA_DIR'] || join('.data', 'test')),
  stoppedCode: 130,
  // A test may run a whole `npm start`, which needs its own time to stop before we stop ours.
  stopMs: STAGE_STOP_MS + STOP_MS,
  main: async ({ dataDir, progress, signal, onStop }) => {
    const tests = new TestRun({ root, dataDir, progress, signal });
    const asked = process.argv.slice(2);
    const all = Object.keys(tests.stages);
    const unknown = asked.filter((name) => !all.includes(name));
    if (unknown.length > 0) throw new Failure(`There is no stage ${unknown.join(', ')}; there are ${all.join(', ')}.`);
    onStop((deadline) => tests.stack.stop(deadline));

    const installed = await counted(async () => {
      await tests.install();
      return { passed: 0, failed: 0 };
    });
    const names = all.filter((name) => asked.length === 0 || asked.includes(name));
    const total = installed.failed > 0 ? installed : await runStages(tests, names);
    await tests.stack.stop();
    console.log(`\n${total.passed} passed, ${total.failed} failed`);
    return total.failed === 0 ? 0 : 1;
  },
});
