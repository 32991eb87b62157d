import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './failure.mjs';
import { readJson, writeJson } from './json-file.mjs';
import { isAlive, isGroupAlive, processId } from './process-identity.mjs';
import { sleep } from './wait.mjs';

/**
 * @typedef {import('./process-identity.mjs').ProcessId} ProcessId
 * @typedef {import('node:child_process').ChildProcess} ChildProcess
 * @typedef {{ command: string, args: string[], cwd?: string, env?: NodeJS.ProcessEnv }} Invocation
 */

/** Everything one launcher has started, on record in `run.json` so that a later launcher can end it. */
export class Processes {
  /** @type {Map<string, ProcessId>} */
  #running = new Map();

  /** @param {string} dataDir */
  constructor(dataDir) {
    this.record = join(dataDir, 'run.json');
    this.logs = join(dataDir, 'logs');
  }

  /** @param {string} name */
  logOf(name) {
    return join(this.logs, `${name}.log`);
  }

  /**
   * Starts a process in a group of its own (a terminal's Ctrl-C must reach only the launcher) with its output in the
   * part's log or on the terminal, and puts it on record before it returns.
   * @param {string} name
   * @param {Invocation & { output?: 'log' | 'append' | 'terminal' }} invocation
   * @returns {ChildProcess}
   */
  spawn(name, { command, args, cwd, env, output = 'log' }) {
    mkdirSync(this.logs, { recursive: true });
    const log = output === 'terminal' ? 'inherit' : openSync(this.logOf(name), output === 'log' ? 'w' : 'a');
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', log, log] });
    if (log !== 'inherit') closeSync(log);
    const id = child.pid === undefined ? null : processId(child.pid);
    if (id !== null) this.#put(name, id);
    child.once('exit', () => this.#drop(name, child.pid));
    return child;
  }

  /**
   * Runs a command to its end, and ends what it leaves behind in its group. On abort or time-out it is ended itself.
   * @param {string} name names the log file too
   * @param {Invocation & { timeoutMs: number, graceMs?: number, signal: AbortSignal, failure: string, output?: 'log' | 'terminal' }} options
   * `graceMs` is the time it has between being asked to end and being killed
   * @returns {Promise<string>} its output, unless that went to the terminal
   * @throws {Failure} saying `failure` and the command's own last words
   */
  async run(name, { timeoutMs, graceMs = 3000, signal, failure, ...invocation }) {
    signal.throwIfAborted();
    const child = this.spawn(name, invocation);
    const timeout = AbortSignal.timeout(timeoutMs);
    const outcome = await exitOf(child, graceMs, AbortSignal.any([signal, timeout]));
    signal.throwIfAborted();
    const log = invocation.output === 'terminal' ? undefined : this.logOf(name);
    if (timeout.aborted) throw new Failure(`${failure}: no end after ${timeoutMs / 1000} s`, log);
    const output = log === undefined ? '' : readFileSync(log, 'utf8');
    if (outcome !== 'code 0') throw new Failure(`${failure}: ${complaint(output) ?? outcome}`, log);
    return output;
  }

  /** @param {string} name @param {ProcessId} id */
  #put(name, id) {
    this.#running.set(name, id);
    writeJson(this.record, Object.fromEntries(this.#running));
  }

  /** @param {string} name @param {number | undefined} pid */
  #drop(name, pid) {
    if (this.#running.get(name)?.pid !== pid) return;
    this.#running.delete(name);
    writeJson(this.record, Object.fromEntries(this.#running));
  }
}

/**
 * Waits for the end of a process and of its group; asks for it when the signal fires.
 * @param {ChildProcess} child
 * @param {number} graceMs
 * @param {AbortSignal} signal
 * @returns {Promise<string>} `code 0`, `ended by SIGKILL`, …
 */
async function exitOf(child, graceMs, signal) {
  const { pid } = child;
  const id = pid === undefined ? null : processId(pid);
  const end = () => void (id !== null && endProcess(id, graceMs));
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  const outcome = await new Promise((/** @type {(value: string) => void} */ resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, by) => resolve(code === null ? `ended by ${by}` : `code ${code}`));
  });
  signal.removeEventListener('abort', end);
  if (pid !== undefined && isGroupAlive(pid)) await endGroupOf(pid, graceMs);
  return outcome;
}

/**
 * Asks a process group to end and kills what is left of it after the grace time.
 * @param {ChildProcess} child
 * @param {number} graceMs
 * @param {NodeJS.Signals} [first]
 */
export async function endGroup(child, graceMs, first = 'SIGTERM') {
  if (child.pid === undefined || hasExited(child)) return;
  await endGroupOf(child.pid, graceMs, first);
  if (!isGroupAlive(child.pid) && !hasExited(child)) await once(child, 'exit');
}

/** @param {ChildProcess} child */
export function hasExited(child) {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

/**
 * @param {ProcessId} id leader of its group
 * @param {number} graceMs
 * @param {NodeJS.Signals} [first]
 */
async function endProcess(id, graceMs, first = 'SIGTERM') {
  // A group that has lost its leader may be another one's by now, unless we have just watched the leader go.
  if (isAlive(id)) await endGroupOf(id.pid, graceMs, first);
}

/**
 * @param {number} group
 * @param {number} graceMs
 * @param {NodeJS.Signals} [first]
 */
async function endGroupOf(group, graceMs, first = 'SIGTERM') {
  const deadline = Date.now() + graceMs;
  signalGroup(group, first);
  while (isGroupAlive(group) && Date.now() < deadline) await sleep(50);
  if (!isGroupAlive(group)) return;
  signalGroup(group, 'SIGKILL');
  for (const last = Date.now() + 2000; isGroupAlive(group) && Date.now() < last;) await sleep(20);
}

/** @param {number} pid @param {NodeJS.Signals} signal */
function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has gone by itself.
  }
}

/** @param {string} dataDir @returns {[string, ProcessId][]} what is on record and still runs */
function recorded(dataDir) {
  /** @type {[string, ProcessId][]} */
  const all = Object.entries(readJson(join(dataDir, 'run.json')) ?? {});
  return all.filter(([, id]) => isAlive(id));
}

/**
 * Ends what is on record and still runs (a killed launcher left it), the app before the servers it uses, and clears
 * the record.
 * @param {string} dataDir
 * @returns {Promise<string[]>} the names of what was ended
 */
export async function endLeftovers(dataDir) {
  const alive = recorded(dataDir);
  for (const group of [alive.filter(([name]) => name === 'app'), alive.filter(([name]) => name !== 'app')]) {
    await Promise.all(group.map(([, id]) => endProcess(id, 4000)));
  }
  rmSync(join(dataDir, 'run.json'), { force: true });
  return alive.map(([name]) => name);
}

/** Kills what is on record at once. @param {string} dataDir */
export function killRecorded(dataDir) {
  for (const [, { pid }] of recorded(dataDir)) signalGroup(pid, 'SIGKILL');
}

const TELLING = /error|fatal|cannot|can't|could not|unable|failed|refused|in use|denied/i;
/** Headings and codes beside which the next line says what it was. */
const EMPTY_WORDS = /:$|^found \d+ error|^npm error (code|errno|syscall)/i;

/** Names every setting that is wrong, one on each line after it. */
const SETTINGS = 'The settings are not usable.';

/**
 * The line of a log that says best what went wrong: the first complaint, since the later ones follow from it. Of wrong
 * settings, all of them.
 * @param {string} output
 * @returns {string | undefined}
 */
export function complaint(output) {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const settings = lines.lastIndexOf(SETTINGS);
  if (settings >= 0) return `${SETTINGS} ${lines.slice(settings + 1).join('; ')}`;
  const wanted = lines.find((line) => TELLING.test(line) && !EMPTY_WORDS.test(line)) ?? lines.at(-1);
  return wanted?.slice(0, 300);
}

/** @param {string} log path of a log file */
export function complaintOf(log) {
  try {
    return complaint(readFileSync(log, 'utf8'));
  } catch {
    return undefined;
  }
}
