import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readJson } from './json-file.mjs';
import { identityOf, isAlive } from './process-identity.mjs';
import { Processes, complaint, endGroup, endLeftovers, hasExited, killRecorded } from './processes.mjs';
import { until } from './wait.mjs';

const FOREVER = 'setInterval(() => {}, 1000)';
/** Starts a child in its group and tells its pid. */
const PARENT = `const { spawn } = require('node:child_process');
  const child = spawn(process.execPath, ['-e', '${FOREVER}'], { stdio: 'ignore' });
  require('node:fs').writeSync(1, 'child ' + child.pid);`;
const STUBBORN = `process.on('SIGTERM', () => {}); ${PARENT} ${FOREVER}`;
const LEAVES = `${PARENT} process.exit(0)`;
const { signal } = new AbortController();

let folder = '';
/** @type {Processes} */
let processes;
/** @type {import('node:child_process').ChildProcess[]} */
let started = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'processes-'));
  processes = new Processes(folder);
  started = [];
});
afterEach(async () => {
  await Promise.all(started.map((child) => endGroup(child, 0)));
  rmSync(folder, { recursive: true, force: true });
});

/** @param {string} name @param {string} script */
function spawn(name, script) {
  const child = processes.spawn(name, { command: process.execPath, args: ['-e', script] });
  started.push(child);
  return child;
}

/** @param {string} script @param {Partial<Parameters<Processes['run']>[1]>} [options] */
function run(script, options) {
  const invocation = { command: process.execPath, args: ['-e', script] };
  return processes.run('step', { ...invocation, timeoutMs: 20_000, signal, failure: 'The step failed', ...options });
}

describe(Processes.name, () => {
  it('has a process on record as soon as it is spawned, and no longer when it has ended', async () => {
    const child = spawn('redis', FOREVER);
    expect(isAlive(readJson(processes.record).redis)).toBe(true);
    expect(readJson(processes.record).redis.pid).toBe(child.pid);
    child.kill('SIGKILL');
    await until(() => readJson(processes.record).redis === undefined, { timeoutMs: 10_000, what: 'it was on record' });
  });

  it('returns what a command said', async () => {
    expect(await run('console.log("done")')).toBe('done\n');
  });

  it('tells the first complaint of a command that fails, and where the log is', async () => {
    const failing = run('console.log("Error: no space left"); process.exit(3)');
    await expect(failing).rejects.toThrow(/^The step failed: Error: no space left \(log: .*step\.log\)$/);
  });

  it('tells when the program does not exist', async () => {
    await expect(run('', { command: '/no/such/program' })).rejects.toThrow(/The step failed: .*ENOENT/);
  });

  it('ends a command that takes too long', async () => {
    await expect(run(FOREVER, { timeoutMs: 300 })).rejects.toThrow(/^The step failed: no end after 0\.3 s \(log: /);
    expect(existsSync(processes.record) && readJson(processes.record).step).toBeFalsy();
  });

  it('ends the whole group of a command, the stubborn as well', async () => {
    const stop = new AbortController();
    const running = run(STUBBORN, { signal: stop.signal });
    const said = () => /child (\d+)/.exec(readFileSync(processes.logOf('step'), 'utf8'))?.[1];
    const pid = Number(await until(said, { timeoutMs: 20_000, what: 'it did not start' }));
    stop.abort();
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    await until(() => !isRunning(pid), { timeoutMs: 10_000, what: 'its child ran on' });
  });

  it('ends what a command leaves behind when it ends by itself', async () => {
    const said = await run(LEAVES);
    const pid = Number(/child (\d+)/.exec(said)?.[1]);
    expect(pid).toBeGreaterThan(0);
    expect(isRunning(pid)).toBe(false);
  });

  it('ends a command when it is told to stop', async () => {
    const stop = new AbortController();
    const running = run(FOREVER, { signal: stop.signal });
    const { pid } = readJson(processes.record).step;
    stop.abort();
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    expect(isRunning(pid)).toBe(false);
  });
});

const isRunning = (/** @type {number} */ pid) => identityOf(pid) !== null;

describe('endLeftovers', () => {
  it('ends what a killed launcher left and clears the record', async () => {
    const meek = spawn('app', FOREVER);
    expect(await endLeftovers(folder)).toEqual(['app']);
    await until(() => hasExited(meek), { timeoutMs: 5000, what: 'it ran on' });
    expect(readJson(processes.record)?.app).toBeUndefined();
  });

  it('leaves a process alone that only has the same pid', async () => {
    const stranger = spawn('redis', FOREVER);
    writeFileSync(processes.record, JSON.stringify({ redis: { pid: stranger.pid, identity: 'another boot:1' } }));
    expect(await endLeftovers(folder)).toEqual([]);
    killRecorded(folder);
    expect(hasExited(stranger)).toBe(false);
    expect(isRunning(stranger.pid ?? 0)).toBe(true);
  });

  it('has nothing to do without a record, or with one that was cut off', async () => {
    expect(await endLeftovers(folder)).toEqual([]);
    writeFileSync(processes.record, '{"redis":');
    expect(await endLeftovers(folder)).toEqual([]);
  });
});

describe('complaint', () => {
  it.each([
    [
      'a.ts:1:2 - error TS2304: Cannot find name\nb.ts:3:4 - error TS1005\nFound 2 error(s).',
      /^a\.ts:1:2 - error TS2304/,
    ],
    ['npm error code E404\nnpm error 404 Not Found - GET it\nnpm error A complete log of this run', /404 Not Found/],
    ['[Note] starting\n[ERROR] Bind on port: Address in use\n[ERROR] Aborting', /Bind on port/],
    ['Error during migration run:\nError: connect ECONNREFUSED', /ECONNREFUSED/],
    [
      'The settings are not usable.\n  MAX_SKUS: must be a number\n  DEV_LOGIN: production refuses it\n',
      /^The settings are not usable\. MAX_SKUS: must be a number; DEV_LOGIN: production refuses it$/,
    ],
    ['all is quiet\nlast line\n\n', /^last line$/],
  ])('finds what matters in %j', (output, expected) => {
    expect(complaint(output)).toMatch(expected);
  });

  it('has nothing to say about silence', () => {
    expect(complaint('\n')).toBeUndefined();
  });
});
