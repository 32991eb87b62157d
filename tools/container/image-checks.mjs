import { createServer } from 'node:http';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './shell.mjs';

/**
 * What the finished image must hold and do. Each check throws an error that says what is wrong.
 *
 * @typedef {import('./builder.mjs').Built} Built
 */

const START_TIMEOUT_MS = 30_000;

/** @param {Built} image */
export function isUnprivileged({ user }) {
  if (user === 'root' || user === '0') throw new Error('the image runs as root: add USER');
}

/** The lock file marks what only development needs. @param {Built} image */
export function holdsNoDevDependencies(image) {
  const folder = workdirOf(image);
  const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'));
  const left = Object.keys(lock.packages).filter((path) => lock.packages[path].dev && existsSync(join(folder, path)));
  if (left.length > 0) throw new Error(`${left.length} development packages are left: ${left.slice(0, 5).join(', ')}`);
}

/** What is not TypeScript does not come with the compiler. @param {Built} image @param {string} source */
export function holdsEveryScript(image, source) {
  const scripts = readdirSync(join(source, 'libs'), { recursive: true }).filter((path) =>
    String(path).endsWith('.lua'),
  );
  const missing = scripts.filter((path) => !existsSync(join(workdirOf(image), 'dist/libs', String(path))));
  if (scripts.length === 0) throw new Error('there is no Lua script in libs: this check looks in the wrong place');
  if (missing.length > 0) throw new Error(`not in the image: ${missing.join(', ')}`);
}

/** @param {Built} image @param {string[]} paths */
export function holdsFiles(image, paths) {
  const missing = paths.filter((path) => !existsSync(join(workdirOf(image), path)));
  if (missing.length > 0) throw new Error(`not in the image: ${missing.join(', ')}`);
}

/**
 * The whole program is loaded before it misses its settings: every module is there and can be read.
 * @param {Built} image
 */
export async function startsUntilSettingsAreMissing(image) {
  const { code, output } = await runIn(image, image.command ?? [], {});
  const names = ['REDIS_URL', 'DATABASE_URL', 'JWT_SECRET', 'GUEST_KEYS', 'EVENT_KEYS'];
  if (code === 0 || !output.includes('The settings are not usable') || !names.every((name) => output.includes(name))) {
    throw new Error(`expected to end with our list of missing settings, got ${code}:\n${output}`);
  }
}

/**
 * A command gets as far as the database, which is not there.
 * @param {Built} image @param {string[]} command @param {Record<string, string>} env
 */
export async function reachesForTheDatabase(image, command, env) {
  const DATABASE_URL = env['DATABASE_URL']?.replace(/@[^/]*\//, '@127.0.0.1:1/');
  const { code, output } = await runIn(image, command, { ...env, DATABASE_URL });
  if (code === 0 || !/ECONNREFUSED/.test(output))
    throw new Error(`expected a refused connection, got ${code}:\n${output}`);
}

/** The health check believes an answer of the service and nothing else. @param {Built} image */
export async function knowsHealth(image) {
  let status = 200;
  /** @type {string | undefined} */
  let asked;
  const server = createServer((request, response) => {
    asked = request.url;
    response.writeHead(status).end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const check = () => runIn(image, image.healthcheck ?? [], { PORT: String(port) });
  try {
    const up = await check();
    if (up.code !== 0 || asked !== '/health/live')
      throw new Error(`a healthy service is called ill (asked ${asked}): ${up.output}`);
    status = 503;
    if ((await check()).code === 0) throw new Error('an answer 503 is called healthy');
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
  if ((await check()).code === 0) throw new Error('no answer at all is called healthy');
}

/**
 * The settings a service gets are complete, valid, and all known.
 * @param {Built} image @param {Record<string, string>} env of the compose service
 */
export async function acceptsSettings(image, env) {
  const script = `
    import validator from 'class-validator';
    const { Env, readEnv } = await import('./dist/libs/common/src/index.js');
    const known = new Set(validator.getMetadataStorage().getTargetValidationMetadatas(Env, '', false, false).map((m) => m.propertyName));
    const unknown = ${JSON.stringify(Object.keys(env))}.filter((name) => !known.has(name));
    if (unknown.length > 0) throw new Error('no setting of ours: ' + unknown.join(', '));
    readEnv();`;
  const { code, output } = await runIn(image, ['node', '--input-type=module', '-e', script], env);
  if (code !== 0) throw new Error(output);
}

/** @param {Built} image @param {string[]} command @param {Record<string, string | undefined>} env */
function runIn(image, command, env) {
  const base = { PATH: process.env['PATH'], HOME: image.root };
  return run(command, { cwd: workdirOf(image), env: { ...base, ...image.env, ...env }, timeoutMs: START_TIMEOUT_MS });
}

/** @param {Built} image */
function workdirOf({ root, workdir }) {
  return join(root, workdir);
}
