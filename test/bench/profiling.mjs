import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../tools/lib/wait.mjs';

/** CPU profiles of the service, one file per run. */
export class Profiling {
  #count = 0;

  /** @param {string} folder */
  constructor(folder) {
    mkdirSync(folder, { recursive: true });
    this.folder = folder;
  }

  /** What the service is started with. @returns {NodeJS.ProcessEnv} */
  get env() {
    return { NODE_OPTIONS: `--import=${new URL('profiler.mjs', import.meta.url).href}`, PROFILE_DIR: this.folder };
  }

  /**
   * Profiles the process while the work is done.
   * @template T
   * @param {number} pid
   * @param {string} name of the file
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async around(pid, name, work) {
    const written = join(this.folder, `${(this.#count += 1)}.cpuprofile`);
    rmSync(written, { force: true });
    process.kill(pid, 'SIGUSR2');
    const result = await work();
    process.kill(pid, 'SIGUSR2');
    await until(() => existsSync(written), { timeoutMs: 120_000, what: 'The profile was not written' });
    renameSync(written, join(this.folder, `${name}.cpuprofile`));
    return result;
  }
}
