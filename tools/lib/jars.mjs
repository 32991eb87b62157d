import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {import('./processes.mjs').Processes} Processes */

const STAMP = '.pom-sha256';

/** @param {string} pom */
function stampOf(pom) {
  return createHash('sha256').update(readFileSync(pom)).digest('hex');
}

/**
 * The first folder that holds all jars of this pom.
 * @param {string} pom
 * @param {string[]} folders
 */
export function findJars(pom, folders) {
  const stamp = stampOf(pom);
  return folders.find((folder) => readStamp(folder) === stamp) ?? null;
}

/** @param {string} folder */
function readStamp(folder) {
  try {
    return readFileSync(join(folder, STAMP), 'utf8');
  } catch {
    return null;
  }
}

/**
 * Lets Maven copy the jars. The folder appears under its name only when it is complete.
 * @param {string} pom
 * @param {string} folder
 * @param {{ mvn: string, java: string, processes: Processes, signal: AbortSignal }} options
 */
export async function fetchJars(pom, folder, { mvn, java, processes, signal }) {
  const parent = join(folder, '..');
  mkdirSync(parent, { recursive: true });
  for (const left of readdirSync(parent).filter((name) => name.startsWith('new-lib-'))) {
    rmSync(join(parent, left), { recursive: true, force: true });
  }
  const fresh = join(parent, `new-lib-${process.pid}`);
  await processes.run('maven', {
    command: mvn,
    args: [
      '-B',
      '-q',
      '-f',
      pom,
      'dependency:copy-dependencies',
      `-DoutputDirectory=${fresh}`,
      '-DincludeScope=runtime',
    ],
    // Maven must run on the Java that was checked.
    env: { ...process.env, JAVA_HOME: join(realpathSync(java), '..', '..') },
    timeoutMs: 900_000,
    signal,
    failure: 'Maven could not fetch the RocketMQ jars',
  });
  writeFileSync(join(fresh, STAMP), stampOf(pom));
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
}
