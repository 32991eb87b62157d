import { mkdirSync } from 'node:fs';
import { DataDirLock } from './data-dir-lock.mjs';
import { Failure, isAbort } from './failure.mjs';
import { assertNodeIsNewEnough } from './node-version.mjs';
import { endLeftovers, killRecorded } from './processes.mjs';
import { Progress } from './progress.mjs';

/** Time from the wish to stop until everything still there is killed; `npm start` promises 15 s. */
export const STOP_MS = 12_500;
/** A stop that hangs all the same is ended by force this much later. */
const LAST_RESORT_MS = 1500;

/**
 * @typedef {object} Run
 * @property {string} dataDir
 * @property {Progress} progress
 * @property {AbortSignal} signal fires when the user wants us to stop
 * @property {Promise<void>} stopAsked resolves then
 * @property {(stop: (deadline: number) => Promise<void>) => void} onStop registers what must be stopped at the end, whatever happens
 */

/**
 * Runs a launcher from its first check to its exit: one launcher per data folder, nothing left of a killed one, and
 * whatever ends it (a signal, a failure, a bug), everything it has started is stopped before the process exits.
 * @param {{ dataDir: string, main: (run: Run) => Promise<number>, stoppedCode?: number, stopMs?: number }} options
 * `main` returns the exit code; `stoppedCode` is the one of a run that a signal ended
 * @returns {Promise<never>}
 */
export async function run({ dataDir, main, stoppedCode = 0, stopMs = STOP_MS }) {
  const progress = new Progress();
  const wish = new StopWish(progress, stopMs, () => owned && killRecorded(dataDir));
  /** @type {((deadline: number) => Promise<void>)[]} */
  const stops = [];
  let owned = false;
  let code;
  const lock = new DataDirLock(dataDir);
  try {
    assertNodeIsNewEnough();
    makeFolder(dataDir);
    lock.watchNpm(() => wish.express('npm is gone'));
    await lock.take(wish.signal, (text) => progress.line(text));
    owned = true;
    const ended = await endLeftovers(dataDir);
    if (ended.length > 0) progress.line(`ended what a killed start had left running: ${ended.join(', ')}`);
    const onStop = (/** @type {(deadline: number) => Promise<void>} */ stop) => void stops.push(stop);
    code = await main({ dataDir, progress, signal: wish.signal, stopAsked: wish.expressed, onStop });
  } catch (error) {
    const stopped = wish.signal.aborted && isAbort(error);
    code = stopped ? stoppedCode : 1;
    if (!stopped) console.error(error instanceof Failure ? error.message : error);
  }
  const deadline = wish.deadline ?? Date.now() + stopMs;
  for (const stop of stops.reverse()) await stop(deadline).catch((error) => console.error(error));
  if (owned) {
    await endLeftovers(dataDir);
    lock.release();
  }
  if (wish.signal.aborted) progress.line('everything is stopped');
  process.exit(process.exitCode ?? code);
}

/** The one wish to stop, by signal or by a bug that nobody caught. */
class StopWish {
  #abort = new AbortController();
  signal = this.#abort.signal;
  /** When everything must have ended, as of Date.now(). @type {number | undefined} */
  deadline;

  /**
   * @param {Progress} progress
   * @param {number} stopMs
   * @param {() => void} lastResort kills what still runs when the stop itself hangs
   */
  constructor(progress, stopMs, lastResort) {
    this.progress = progress;
    this.stopMs = stopMs;
    this.lastResort = lastResort;
    this.expressed = new Promise((/** @type {(value: void) => void} */ resolve) => {
      this.signal.addEventListener('abort', () => resolve());
    });
    // A closed terminal must not keep us from stopping what we started.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => this.express(name));
    const bug = (/** @type {unknown} */ error) => {
      console.error(error);
      process.exitCode = 1;
      this.express('unexpected error');
    };
    process.on('uncaughtException', bug).on('unhandledRejection', bug);
  }

  /** @param {string} why */
  express(why) {
    // npm forwards the Ctrl-C that the terminal has sent us already: the second one is not another wish.
    if (this.signal.aborted) return;
    this.progress.line(`${why}: stopping`);
    this.deadline = Date.now() + this.stopMs;
    setTimeout(() => {
      this.lastResort();
      process.exit(1);
    }, this.stopMs + LAST_RESORT_MS).unref();
    this.#abort.abort();
  }
}

/** @param {string} path */
function makeFolder(path) {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new Failure(`The data folder cannot be made: ${/** @type {Error} */ (error).message}`);
  }
}
