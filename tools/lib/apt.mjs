import { Failure } from './failure.mjs';
import { onPath } from './programs.mjs';

/**
 * @typedef {import('./processes.mjs').Processes} Processes
 * @typedef {import('./progress.mjs').Progress} Progress
 */

const ENV = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };
/** Another installation may be under way on a machine that has just been started. */
const OPTIONS = [
  '--yes',
  '--quiet',
  '-o=Dpkg::Use-Pty=0',
  '-o=DPkg::Lock::Timeout=180',
  '-o=Acquire::Retries=3',
  '-o=Acquire::http::Timeout=30',
  '-o=Acquire::https::Timeout=30',
];

/** Why apt-get cannot be used here; null when it can. */
export function whyNoApt() {
  if (onPath('apt-get') === null || onPath('dpkg') === null)
    return 'This system has no apt-get, so nothing was installed.';
  if (process.getuid?.() !== 0) return 'Only root may use apt-get, so nothing was installed.';
  return null;
}

/**
 * Picks from each list the first package that apt can install.
 * @param {string} policy output of `apt-cache policy`
 * @param {string[][]} lists
 * @returns {string[] | null} null when some list has none
 */
export function pickPackages(policy, lists) {
  const available = new Set(
    [...policy.matchAll(/^(\S+):\n {2}Installed: .*\n {2}Candidate: (.+)$/gm)]
      .filter(([, , candidate]) => candidate !== '(none)')
      .map(([, name]) => name),
  );
  const picked = lists.map((list) => list.find((name) => available.has(name)));
  return picked.every((name) => name !== undefined) ? picked : null;
}

/** Installs Debian packages, with the package lists updated at most once. */
export class Apt {
  /** @param {Processes} processes @param {Progress} progress @param {AbortSignal} signal */
  constructor(processes, progress, signal) {
    this.processes = processes;
    this.progress = progress;
    this.signal = signal;
  }

  /**
   * @param {string[][]} lists of each the first one available is installed
   * @throws {Failure} saying what apt-get said
   */
  async install(lists) {
    await this.#repair();
    let packages = await this.#pick(lists);
    let updated = false;
    if (packages === null) {
      await this.#update();
      updated = true;
      packages = await this.#pick(lists);
    }
    if (packages === null) throw new Failure(`apt-get knows none of ${lists.map((l) => l.join(' / ')).join(', ')}.`);
    const done = this.progress.begin(`apt-get install ${packages.join(' ')}`);
    try {
      await this.#install(packages);
    } catch (error) {
      this.signal.throwIfAborted();
      if (updated) throw error;
      // Old package lists name files that the mirror no longer has.
      await this.#update();
      await this.#install(packages);
    }
    done('packages installed');
  }

  /** An installation that was interrupted makes apt-get refuse every later one. */
  async #repair() {
    const broken = await this.#run('dpkg', ['--audit'], 'dpkg could not tell its state', 60_000);
    if (broken.trim() === '') return;
    const done = this.progress.begin('mending an interrupted installation of packages');
    // What cannot be configured yet lacks a package, which the next command fetches.
    await this.#run('dpkg', ['--configure', '-a'], '', 300_000).catch(() => this.signal.throwIfAborted());
    const args = [...OPTIONS, '--fix-broken', '--no-install-recommends', 'install'];
    await this.#run('apt-get', args, 'apt-get could not mend an interrupted installation', 600_000);
    done('package state mended');
  }

  async #update() {
    const done = this.progress.begin('apt-get update');
    await this.#run(
      'apt-get',
      [...OPTIONS, '-o=APT::Update::Error-Mode=any', 'update'],
      'apt-get update failed',
      300_000,
    );
    done('package lists updated');
  }

  /** @param {string[][]} lists */
  async #pick(lists) {
    return pickPackages(await this.#run('apt-cache', ['policy', ...lists.flat()], 'apt-cache failed', 60_000), lists);
  }

  /** @param {string[]} packages */
  async #install(packages) {
    const args = [...OPTIONS, '--no-install-recommends', 'install', ...packages];
    await this.#run('apt-get', args, `apt-get could not install ${packages.join(' ')}`, 900_000);
  }

  /** @param {string} command @param {string[]} args @param {string} failure @param {number} timeoutMs */
  #run(command, args, failure, timeoutMs) {
    const env = { ...process.env, ...ENV };
    return this.processes.run('apt', { command, args, env, timeoutMs, signal: this.signal, failure });
  }
}
