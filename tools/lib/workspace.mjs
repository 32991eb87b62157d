import { join } from 'node:path';
import { prepareDatabase } from './app.mjs';
import { build, isBuilt, sourcesDigest } from './build.mjs';
import { withLock } from './lock-file.mjs';
import { installPackages, packagesAreInstalled } from './npm.mjs';

/**
 * @typedef {import('./processes.mjs').Processes} Processes
 * @typedef {import('./progress.mjs').Progress} Progress
 */

/** The folder of the repository: what is installed and built in it is shared by every start, whatever its data folder. */
export class Workspace {
  /** @param {{ root: string, processes: Processes, progress: Progress }} options */
  constructor({ root, processes, progress }) {
    this.root = root;
    this.processes = processes;
    this.progress = progress;
  }

  /** Installs the npm packages when they are missing or differ. @param {AbortSignal} signal */
  async installPackages(signal) {
    if (packagesAreInstalled(this.root)) return;
    await this.#alone(signal, async () => {
      if (packagesAreInstalled(this.root)) return;
      const done = this.progress.begin('npm ci');
      await installPackages(this.root, { processes: this.processes, signal });
      done('npm packages installed');
    });
  }

  /** Builds the server when its sources have changed. @param {AbortSignal} signal */
  async build(signal) {
    if (isBuilt(this.root, sourcesDigest(this.root))) return;
    await this.#alone(signal, async () => {
      const digest = sourcesDigest(this.root);
      if (isBuilt(this.root, digest)) return;
      const done = this.progress.begin('nest build');
      await build(this.root, digest, { processes: this.processes, signal });
      done('server built');
    });
  }

  /** Schema up to date, catalogue loaded if empty. @param {NodeJS.ProcessEnv} env @param {AbortSignal} signal */
  async prepareDatabase(env, signal) {
    // Two starts may share a DATABASE_URL, and TypeORM takes no lock.
    await this.#alone(signal, async () => {
      const said = await prepareDatabase(this.root, { env, processes: this.processes, signal });
      this.progress.line(`MySQL schema up to date; ${said}`);
    });
  }

  /** One start at a time may write here. @param {AbortSignal} signal @param {() => Promise<void>} work */
  #alone(signal, work) {
    const onWait = (/** @type {{ pid: number }} */ { pid }) =>
      this.progress.line(`waiting for another start (pid ${pid}), which is installing or building`);
    return withLock(join(this.root, '.data', 'repository.lock'), { signal, onWait }, work);
  }
}
