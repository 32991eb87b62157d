import { join } from 'node:path';
import { until } from './wait.mjs';

/**
 * @typedef {import('./part.mjs').PartSpec} PartSpec
 * @typedef {import('./processes.mjs').Processes} Processes
 */

/**
 * Brings the schema up to date and loads the sample catalogue into an empty one.
 * @param {string} root
 * @param {{ env: NodeJS.ProcessEnv, processes: Processes, signal: AbortSignal, suffix?: string }} options `suffix` tells
 *   the logs of several databases apart
 * @returns {Promise<string>} the seed's own line
 */
export async function prepareDatabase(root, { env, processes, signal, suffix = '' }) {
  const common = { command: process.execPath, cwd: root, env, timeoutMs: 180_000, signal };
  const typeorm = join(root, 'node_modules', 'typeorm', 'cli.js');
  const args = [typeorm, 'migration:run', '-d', join('dist', 'ormconfig.js')];
  await processes.run(`migrations${suffix}`, {
    ...common,
    args,
    failure: 'The database could not be brought up to date',
  });
  const seed = [join('dist', 'apps', 'server', 'src', 'seed.js')];
  const said = await processes.run(`seed${suffix}`, {
    ...common,
    args: seed,
    failure: 'The catalogue could not be loaded',
  });
  return said.trim().split('\n').at(-1) ?? '';
}

/**
 * What Node is started with, here and in the Dockerfile. Most of what a request allocates is dead at its end: with 32 MB
 * instead of 16 MB for the young, fewer collections find it so, and less is taken for old.
 */
const NODE_FLAGS = ['--enable-source-maps', '--max-semi-space-size=32'];

/**
 * The service itself.
 * @param {string} root
 * @param {{ env: NodeJS.ProcessEnv, url: string }} options
 * @returns {PartSpec}
 */
export function appPart(root, { env, url }) {
  return {
    name: 'app',
    title: 'The app',
    invocation: () => ({
      command: process.execPath,
      args: [...NODE_FLAGS, join(root, 'dist', 'apps', 'server', 'src', 'main.js')],
      cwd: root,
      env,
    }),
    ready: (signal) =>
      until(() => isReady(url), { timeoutMs: 90_000, what: 'The app was not ready', signal, everyMs: 150 }),
  };
}

/**
 * @param {string} url
 * @returns {Promise<boolean>}
 * @throws {Error} with the app's own reason while it is not
 */
async function isReady(url) {
  const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(3000) });
  const text = await response.text();
  if (response.status === 200 && JSON.parse(text).status === 'ok') return true;
  throw new Error(`it answered ${response.status} ${text.slice(0, 300)}`);
}
