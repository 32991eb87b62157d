import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** @typedef {import('./processes.mjs').Processes} Processes */

const SOURCES = [
  'apps',
  'libs',
  'ormconfig.ts',
  'tsconfig.json',
  'tsconfig.build.json',
  'nest-cli.json',
  'package-lock.json',
];
/** Kept inside dist: the build empties that folder first, so an interrupted build leaves no stamp. */
const STAMP = join('dist', '.build-stamp');

/**
 * A digest of everything the builds of the server and its pages read.
 * @param {string} root
 */
export function sourcesDigest(root) {
  const hash = createHash('sha256');
  for (const file of SOURCES.flatMap((name) => filesBelow(join(root, name))).sort()) {
    const content = readFileSync(file);
    hash.update(`${relative(root, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** @param {string} path @returns {string[]} */
function filesBelow(path) {
  if (!existsSync(path)) return [];
  if (!readableAsFolder(path)) return [path];
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.spec.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** @param {string} path */
function readableAsFolder(path) {
  try {
    readdirSync(path);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} root @param {string} digest */
export function isBuilt(root, digest) {
  try {
    return readFileSync(join(root, STAMP), 'utf8') === digest;
  } catch {
    return false;
  }
}

/**
 * @param {string} root
 * @param {string} digest of the sources as they were before the build
 * @param {{ processes: Processes, signal: AbortSignal }} options
 */
export async function build(root, digest, { processes, signal }) {
  const step = (/** @type {string[]} */ args, /** @type {string} */ failure) =>
    processes.run('build', { command: process.execPath, args, cwd: root, timeoutMs: 600_000, signal, failure });
  const modules = join(root, 'node_modules');
  await step([join(modules, '@nestjs', 'cli', 'bin', 'nest.js'), 'build'], 'The build failed');
  // Second: the first one empties dist.
  const pages = [join(modules, 'vite', 'bin', 'vite.js'), 'build', join('apps', 'storefront')];
  await step(pages, 'The build of the pages failed');
  writeFileSync(join(root, STAMP), digest);
}
