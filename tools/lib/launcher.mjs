import { mkdirSync } from 'node:fs';
import { DataDirLock } from './data-dir-lock.mjs';
import { Failure, isAbort } from './failure.mjs';
import { endLeftovers } from './processes.mjs';
import { Progress } from './progress.mjs';

/**
 * @typedef {object} Run
 * @property {string} dataDir
 * @property {Progress} progress
 * @property {AbortSignal} signal fires when the user wants us to stop
 * @property {((stop: () => Promise<void>) => void) & { asked: Promise<void> }} onStop registers what must be stopped at the end, whatever happens; `asked` resolves when the user wants it
 */

const OLDEST_NODE = [20, 19];

/**
 * Runs a launcher from its first check to its exit: one launcher per data folder, nothing left of a killed one, and
 * whatever ends it (a signal, a failure, a bug), everything it has started is stopped before the process exits.
 * @param {{ dataDir: string, main: (run: Run) => Promise<number>, stoppedCode?: number }} options `main` returns the
 * exit code; `stoppedCode` is the one of a run that a signal ended
 * @returns {Promise<never>}
 */
export async function run({ dataDir, main, stoppedCode = 0 }) {
  process.stdout.on('error', () => {});
  const progress = new Progress();
  const stop = new AbortController();
  const asked = new Promise((/** @type {(value: void) => void} */ resolve) =>
    stop.signal.addEventListener('abort', () => resolve()),
  );
  /** @type {(() => Promise<void>)[]} */
  const stops = [];
  const onStop = Object.assign((/** @type {() => Promise<void>} */ each) => void stops.push(each), { asked });

  const ask = (/** @type {string} */ why) => {
    // npm forwards the Ctrl-C that the terminal has sent us already: the second one is not another wish.
    if (stop.signal.aborted) return;
    progress.line(`${why}: stopping`);
    stop.abort();
  };
  for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(name, () => ask(name));
  const bug = (/** @type {unknown} */ error) => {
    console.error(error);
    process.exitCode = 1;
    ask('unexpected error');
  };
  process.on('uncaughtException', bug).on('unhandledRejection', bug);

  let code;
  /** @type {DataDirLock | undefined} */
  let lock;
  try {
    checkNode();
    mkdirSync(dataDir, { recursive: true });
    const mine = new DataDirLock(dataDir);
    mine.watchNpm(() => ask('npm is gone'));
    await mine.take(stop.signal);
    lock = mine;
    const ended = await endLeftovers(dataDir);
    if (ended.length > 0) progress.line(`ended what a killed start had left running: ${ended.join(', ')}`);
    code = await main({ dataDir, progress, signal: stop.signal, onStop });
  } catch (error) {
    const stopped = stop.signal.aborted && isAbort(error);
    code = stopped ? stoppedCode : 1;
    if (error instanceof Failure) console.error(error.message);
    else if (!stopped) console.error(error);
  }
  for (const each of stops.reverse()) await each().catch((error) => console.error(error));
  if (lock !== undefined) {
    await endLeftovers(dataDir);
    lock.release();
    if (stop.signal.aborted) progress.line('everything is stopped');
  }
  process.exit(process.exitCode ?? code);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = OLDEST_NODE;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  throw new Failure(`Node ${OLDEST_NODE.join('.')} or newer is needed; this is ${process.versions.node}.`);
}
