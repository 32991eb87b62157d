import { basename, join } from 'node:path';
import { readJson } from './json-file.mjs';

/** @typedef {import('./processes.mjs').Processes} Processes */

/**
 * Whether node_modules holds what the lock file asks for. npm writes its own lock file inside node_modules at the very
 * end, so an interrupted install has none.
 * @param {any} wanted content of package-lock.json
 * @param {any} installed content of node_modules/.package-lock.json
 */
export function isInstalled(wanted, installed) {
  if (!wanted?.packages || !installed?.packages) return false;
  return Object.entries(wanted.packages).every(([path, entry]) => {
    if (path === '') return true;
    const there = installed.packages[path];
    // Optional ones are for other systems as well.
    if (there === undefined) return entry.optional === true;
    return there.version === entry.version && there.integrity === entry.integrity;
  });
}

/** @param {string} root of the repository */
export function packagesAreInstalled(root) {
  return isInstalled(
    readJson(join(root, 'package-lock.json')),
    readJson(join(root, 'node_modules', '.package-lock.json')),
  );
}

/**
 * How to call npm: the very npm that runs us, else the one on the PATH.
 * @param {string[]} args
 * @returns {{ command: string, args: string[] }}
 */
export function npmCommand(args) {
  const cli = process.env['npm_execpath'];
  return cli !== undefined && basename(cli) === 'npm-cli.js'
    ? { command: process.execPath, args: [cli, ...args] }
    : { command: 'npm', args };
}

/**
 * Installs what the lock file says. No package here needs its install script to run, and one of them only reports home.
 * @param {string} root
 * @param {{ processes: Processes, signal: AbortSignal }} options
 */
export async function installPackages(root, { processes, signal }) {
  await processes.run('npm-ci', {
    // The build needs the development packages whatever NODE_ENV says.
    ...npmCommand(['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund']),
    cwd: root,
    timeoutMs: 900_000,
    signal,
    failure: 'npm ci failed',
  });
}
