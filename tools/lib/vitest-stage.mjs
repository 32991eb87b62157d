import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAbort } from './failure.mjs';
import { readJson } from './json-file.mjs';

/**
 * @typedef {import('./processes.mjs').Processes} Processes
 * @typedef {{ passed: number, failed: number }} Counts
 */

/**
 * Counts what vitest's JSON report tells. A file that could not be loaded holds no test and is one failure; so is a run
 * that vitest calls failed for another reason.
 * @param {any} report undefined when vitest wrote none
 * @param {boolean} succeeded whether vitest itself ended well
 * @param {boolean} skipFails whether a skipped test is a failure: on a CI server nobody would see it
 * @returns {Counts}
 */
export function countTests(report, succeeded, skipFails) {
  const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
  const unloaded = (report?.testResults ?? []).filter(
    (/** @type {any} */ file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
  const failed = (report?.numFailedTests ?? 0) + unloaded + (skipFails ? skipped : 0);
  return { passed: report?.numPassedTests ?? 0, failed: succeeded ? failed : Math.max(1, failed) };
}

/**
 * Runs one vitest project.
 * @param {string} project
 * @param {{ root: string, dataDir: string, env: NodeJS.ProcessEnv, timeoutMs: number, graceMs: number, processes: Processes, signal: AbortSignal }} options
 * @returns {Promise<Counts>}
 */
export async function runVitest(project, { root, dataDir, env, timeoutMs, graceMs, processes, signal }) {
  const file = join(dataDir, 'logs', `vitest-${project}.json`);
  rmSync(file, { force: true });
  const atOnce = join(root, 'tools', 'lib', 'failures-at-once.mjs');
  const names = ['default', atOnce, 'json'];
  const reporters = [...names.flatMap((name) => ['--reporter', name]), '--outputFile.json', file];
  const succeeded = await processes
    .run(`vitest-${project}`, {
      command: process.execPath,
      args: [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--project', project, ...reporters],
      cwd: root,
      env,
      timeoutMs,
      graceMs,
      signal,
      output: 'terminal',
      failure: `vitest ${project}`,
    })
    .then(
      () => true,
      (error) => {
        if (isAbort(error)) throw error;
        console.error(error.message);
        return false;
      },
    );
  return countTests(readJson(file), succeeded, env['CI'] === 'true');
}
