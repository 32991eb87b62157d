import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isAlive, processId } from './process-identity.mjs';
import { sleep } from './wait.mjs';

/** @typedef {import('./process-identity.mjs').ProcessId} ProcessId */

let attempts = 0;

/**
 * Takes the lock unless a living process holds it. The file appears with its content in one step (a hard link), and a
 * dead holder's file is moved away before it is judged again, so two waiters cannot both take it over.
 * @param {string} path
 * @param {ProcessId & Record<string, unknown>} owner
 * @returns {(ProcessId & Record<string, unknown>) | null} the living holder, or null when we have it now
 */
export function tryLock(path, owner) {
  mkdirSync(dirname(path), { recursive: true });
  const mine = `${path}.${owner.pid}.${++attempts}`;
  writeFileSync(mine, JSON.stringify(owner));
  try {
    for (;;) {
      if (linkIfAbsent(mine, path)) return null;
      const holder = readHolder(path);
      if (holder !== undefined && isAlive(holder)) return holder;
      moveAway(path, `${mine}.stale`, holder);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** @param {string} from @param {string} to */
function linkIfAbsent(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/** @param {string} path @returns {(ProcessId & Record<string, unknown>) | undefined} */
function readHolder(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param {string} path @param {string} aside @param {ProcessId | undefined} judged */
function moveAway(path, aside, judged) {
  try {
    renameSync(path, aside);
  } catch {
    return; // Another waiter was quicker.
  }
  const moved = readHolder(aside);
  const another = moved !== undefined && (moved.pid !== judged?.pid || moved.identity !== judged.identity);
  if (another) linkIfAbsent(aside, path);
  rmSync(aside, { force: true });
}

/** Gives the lock back, if it is still ours. @param {string} path @param {number} pid */
export function unlock(path, pid) {
  if (readHolder(path)?.pid === pid) rmSync(path, { force: true });
}

/**
 * Runs the work while holding the lock; waits for a living holder as long as it lives.
 * @template T
 * @param {string} path
 * @param {{ signal: AbortSignal, onWait: (holder: ProcessId) => void }} options
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(path, { signal, onWait }, work) {
  const self = processId(process.pid);
  if (self === null) throw new Error('This process has no identity.');
  for (let told = false; ; told = true) {
    const holder = tryLock(path, self);
    if (holder === null) break;
    if (!told) onWait(holder);
    await sleep(200, signal);
  }
  try {
    return await work();
  } finally {
    unlock(path, self.pid);
  }
}
