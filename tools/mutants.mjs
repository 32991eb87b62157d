/**
 * Breaks each promise of the code in turn, in copies of the repository, and runs the tests that stand for it: green
 * before, they must turn red. A mutant that survives shows code without a use, or without a test. Needs the services
 * that `npm test` starts; each copy is worked on by one process, on the servers of one shard.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { MUTANTS as ALL } from './mutants/list.mjs';

/** @typedef {import('./mutants/list.mjs').Mutant} Mutant */

const WORKERS = 2;
/** Characters of what a worker wrote that are shown when it dies. */
const KEPT = 4000;
/** Words on the command line choose the mutants that have one of them in their name. */
const words = process.argv.slice(2);
const chosen = ALL.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
/** @type {Record<string, string>[]} */
const shards = JSON.parse(process.env['TEST_SHARDS'] || '[{}]');

const queue = batches(chosen);
let survived = 0;
let done = 0;
await Promise.all(shards.slice(0, WORKERS).map(work));
console.log(`${done - survived} of ${chosen.length} mutants are killed by their tests`);
process.exit(survived === 0 && done === chosen.length ? 0 : 1);

/**
 * Mutants of the same tests together: these are shown green once, for all of them. The largest batches begin.
 * @param {Mutant[]} mutants
 * @returns {Mutant[][]}
 */
function batches(mutants) {
  /** @type {Map<string, Mutant[]>} */
  const byTests = new Map();
  for (const mutant of mutants) {
    const tests = `${mutant.project} ${mutant.spec} ${mutant.only}`;
    byTests.set(tests, [...(byTests.get(tests) ?? []), mutant]);
  }
  return [...byTests.values()].sort((a, b) => b.length - a.length);
}

/** Works on batches until there are no more. @param {Record<string, string>} shard */
async function work(shard) {
  const worker = fork(join(import.meta.dirname, 'mutants', 'worker.mjs'), [], {
    env: { ...process.env, ...shard, TEST_SHARDS: '', TEST_SCHEMA: 'ready' },
    // The service's own log lines say nothing here.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let said = '';
  worker.stderr?.on('data', (/** @type {Buffer} */ chunk) => (said = (said + chunk.toString()).slice(-KEPT)));
  const gone = once(worker, 'exit');
  for (let batch = queue.shift(); batch; batch = queue.shift()) {
    worker.send(batch);
    const left = new Set(batch.map(({ name }) => name));
    while (left.size > 0) {
      const [message] = await Promise.race([once(worker, 'message'), gone.then(() => [undefined])]);
      if (message === undefined) {
        console.error(`a worker ended at ${[...left][0]}\n${said}`);
        return;
      }
      const { name, problem, seconds } = /** @type {{ name: string, problem?: string, seconds: number }} */ (message);
      left.delete(name);
      done += 1;
      if (problem) survived += 1;
      console.log(
        `${problem ? 'SURVIVED' : 'killed'}  ${name}${problem ? `: ${problem}` : ''} (${seconds.toFixed(1)} s)`,
      );
    }
  }
  worker.disconnect();
  await gone;
}
