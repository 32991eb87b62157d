import { rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isAbort } from './failure.mjs';
import { readJson } from './json-file.mjs';

/**
 * @typedef {import('./processes.mjs').Processes} Processes
 * @typedef {import('./results.mjs').Counts} Counts
 * @typedef {{ project: string, file: string, ms: number }} FileTime
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
 * @param {any} report
 * @param {string} project
 * @param {string} root
 * @returns {FileTime[]}
 */
export function fileTimes(report, project, root) {
  return (report?.testResults ?? []).map((/** @type {any} */ { name, startTime, endTime }) => ({
    project,
    file: relative(root, name),
    ms: endTime - startTime,
  }));
}

/**
 * Runs one vitest project, or the files of it that are chosen.
 * @param {string} project
 * @param {{ root: string, dataDir: string, env: NodeJS.ProcessEnv, timeoutMs: number, graceMs: number, processes: Processes,
 *   signal: AbortSignal, output: 'log' | 'terminal', files?: string[], excluded?: string[], name?: string }} options
 * @returns {Promise<Counts & { files: FileTime[] }>}
 */
export async function runVitest(
  project,
  { root, dataDir, env, timeoutMs, graceMs, processes, signal, output, files = [], excluded = [], name },
) {
  const file = join(dataDir, 'logs', `vitest-${project}.json`);
  rmSync(file, { force: true });
  const atOnce = join(root, 'tools', 'lib', 'failures-at-once.mjs');
  const names = ['default', atOnce, 'json'];
  const reporters = [...names.flatMap((reporter) => ['--reporter', reporter]), '--outputFile.json', file];
  const chosen = [...files, ...excluded.flatMap((pattern) => ['--exclude', pattern]), ...(name ? ['-t', name] : [])];
  const succeeded = await processes
    .run(`vitest-${project}`, {
      command: process.execPath,
      args: [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--project', project, ...chosen, ...reporters],
      cwd: root,
      env,
      timeoutMs,
      graceMs,
      signal,
      output,
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
  const report = readJson(file);
  // A run of chosen titles skips the others on purpose.
  const skipFails = env['CI'] === 'true' && !name;
  return { ...countTests(report, succeeded, skipFails), files: fileTimes(report, project, root) };
}
