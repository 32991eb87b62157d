import { Failure, isAbort } from './failure.mjs';
import { endGroup, hasExited, complaintOf } from './processes.mjs';
import { sleep } from './wait.mjs';

/**
 * @typedef {import('./processes.mjs').Processes} Processes
 * @typedef {import('./processes.mjs').Invocation} Invocation
 * @typedef {import('node:child_process').ChildProcess} ChildProcess
 *
 * What makes one long-running process of the stack.
 * @typedef {object} PartSpec
 * @property {string} name names its log and its record
 * @property {string} title what people call it
 * @property {() => Invocation} invocation
 * @property {(signal: AbortSignal, pid: number) => Promise<unknown>} ready resolves when it serves; throws Failure when it does not in time
 * @property {NodeJS.Signals} [stopSignal] SIGTERM unless told otherwise
 * @property {() => boolean} [quiet] true when nothing is left to lose, so that a slow exit may be cut short
 */

const QUICK_MS = 10_000;
const LAST_QUICK = 5;
const SLOW_RETRY_MS = 30_000;

/**
 * How long to wait before the next restart.
 * @param {number} quickFailures how many times in a row it died soon after its start
 */
export function backOffMs(quickFailures) {
  return quickFailures >= LAST_QUICK ? SLOW_RETRY_MS : Math.min(500 * 2 ** quickFailures, 8000);
}

/** One supervised process: started, watched, restarted on the same terms, stopped. */
export class Part {
  /** @type {ChildProcess | undefined} */
  #child;
  #stopping = new AbortController();
  #quickFailures = 0;
  #supervised = false;

  /**
   * @param {PartSpec} spec
   * @param {Processes} processes
   * @param {(text: string) => void} say
   * @param {() => void} changed called when the pid has changed
   */
  constructor(spec, processes, say, changed) {
    this.spec = spec;
    this.processes = processes;
    this.say = say;
    this.changed = changed;
  }

  /** The pid of the running process, null between two lives. */
  get pid() {
    return this.#child === undefined || hasExited(this.#child) ? null : (this.#child.pid ?? null);
  }

  get log() {
    return this.processes.logOf(this.spec.name);
  }

  /**
   * Starts it and waits until it serves; from then on it is restarted whenever it dies.
   * @param {AbortSignal} signal
   * @throws {Failure}
   */
  async start(signal) {
    await this.#launch(AbortSignal.any([signal, this.#stopping.signal]), 'log');
    this.#supervised = true;
    if (this.pid === null) this.#restart();
  }

  /**
   * Ends it: asks, then kills at the deadline.
   * @param {number} deadline as of Date.now()
   */
  async stop(deadline) {
    this.#stopping.abort();
    const child = this.#child;
    if (child === undefined || hasExited(child)) return;
    const watch = this.spec.quiet && setInterval(() => this.spec.quiet?.() && child.kill('SIGKILL'), 100);
    await endGroup(child, Math.max(0, deadline - Date.now()), this.spec.stopSignal);
    clearInterval(watch);
  }

  /** @param {AbortSignal} signal @param {'log' | 'append'} output */
  async #launch(signal, output) {
    signal.throwIfAborted();
    const started = Date.now();
    const child = this.processes.spawn(this.spec.name, { ...this.spec.invocation(), output });
    this.#child = child;
    const gone = new AbortController();
    let reason = '';
    child.once('error', (error) => {
      reason = error.message;
      gone.abort();
    });
    child.once('exit', (code, by) => {
      reason = `it ended with ${code === null ? by : `code ${code}`}`;
      if (Date.now() - started > QUICK_MS) this.#quickFailures = 0;
      gone.abort();
      if (this.#supervised && !this.#stopping.signal.aborted) this.#restart(reason);
    });
    try {
      await this.spec.ready(AbortSignal.any([signal, gone.signal]), child.pid ?? 0);
    } catch (error) {
      signal.throwIfAborted();
      if (!gone.signal.aborted) throw new Failure(/** @type {Error} */ (error).message, this.log);
      throw new Failure(`${this.spec.title} did not start: ${complaintOf(this.log) ?? reason}`, this.log);
    }
  }

  /** @param {string} [reason] */
  #restart(reason = 'it ended') {
    this.#supervised = false;
    this.changed();
    this.#revive(reason).catch((error) => {
      if (!isAbort(error)) this.say(`${this.spec.title}: ${error}`);
    });
  }

  /** @param {string} reason */
  async #revive(reason) {
    const { signal } = this.#stopping;
    for (;;) {
      const wait = backOffMs(this.#quickFailures);
      this.say(this.#obituary(reason, wait));
      this.#quickFailures += 1;
      await sleep(wait, signal);
      try {
        await this.#launch(signal, 'append');
        break;
      } catch (error) {
        signal.throwIfAborted();
        if (this.#child !== undefined) await endGroup(this.#child, 1000);
        reason = /** @type {Error} */ (error).message;
      }
    }
    this.#supervised = true;
    this.changed();
    if (this.pid === null) return this.#restart();
    this.say(`${this.spec.title} is back (pid ${this.pid})`);
  }

  /** @param {string} reason @param {number} wait */
  #obituary(reason, wait) {
    const next = `next start in ${wait / 1000} s`;
    return this.#quickFailures < LAST_QUICK
      ? `${this.spec.title} died: ${reason}; ${next} (log: ${this.log})`
      : `${this.spec.title} FAILED ${this.#quickFailures} times in a row and needs you: ${reason}; ${next} (log: ${this.log})`;
  }
}
