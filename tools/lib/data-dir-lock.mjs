import { join } from 'node:path';
import { Failure } from './failure.mjs';
import { tryLock, unlock } from './lock-file.mjs';
import { isAlive, processId } from './process-identity.mjs';
import { sleep } from './wait.mjs';

/** @typedef {import('./process-identity.mjs').ProcessId} ProcessId */

/** npm runs us as its child (the scripts say `exec`): when it is gone, so is whoever asked for this start. */
function npmParent() {
  return process.env['npm_lifecycle_event'] === undefined ? null : processId(process.ppid);
}

/** At most one living launcher per data folder. */
export class DataDirLock {
  /** @param {string} dataDir */
  constructor(dataDir) {
    this.dataDir = dataDir;
    this.path = join(dataDir, 'launcher.lock');
    this.npm = npmParent();
  }

  /**
   * @param {AbortSignal} signal
   * @param {(text: string) => void} say
   * @throws {Failure} when another launcher owns the folder
   */
  async take(signal, say) {
    const self = processId(process.pid);
    if (self === null) throw new Error('This process has no identity.');
    for (const deadline = Date.now() + 20_000, told = new Set(); ; await sleep(100, signal)) {
      const holder = tryLock(this.path, { ...self, npm: this.npm });
      if (holder === null) return;
      if (!isOrphan(holder) || Date.now() > deadline) {
        throw new Failure(
          `Another start (pid ${holder.pid}) is using ${this.dataDir}: stop it, or set DATA_DIR and PORT.`,
        );
      }
      if (!told.has(holder.pid)) say(`waiting for the start whose npm was killed (pid ${holder.pid}): it is stopping`);
      told.add(holder.pid);
    }
  }

  release() {
    unlock(this.path, process.pid);
  }

  /**
   * Calls back once when npm is gone. A kill -9 of npm cannot be forwarded to us, and nobody could stop us after it.
   * @param {() => void} gone
   */
  watchNpm(gone) {
    const { npm } = this;
    if (npm === null) return;
    const timer = setInterval(() => {
      if (process.ppid === npm.pid) return;
      clearInterval(timer);
      gone();
    }, 250);
    timer.unref();
  }
}

/** Whether the holder has lost its npm and is about to stop by itself. @param {Record<string, unknown>} holder */
function isOrphan(holder) {
  const npm = /** @type {ProcessId | null | undefined} */ (holder['npm']);
  return npm !== null && npm !== undefined && !isAlive(npm);
}
