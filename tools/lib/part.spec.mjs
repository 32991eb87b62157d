import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Part, backOffMs } from './part.mjs';
import { Processes } from './processes.mjs';
import { until } from './wait.mjs';

const { signal } = new AbortController();
let folder = '';
/** @type {string[]} */
let said = [];
/** @type {Part[]} */
let parts = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'part-'));
  said = [];
  parts = [];
});
afterEach(async () => {
  await Promise.all(parts.map((part) => part.stop(Date.now())));
  rmSync(folder, { recursive: true, force: true });
});

/** A part whose process writes its pid into a file when it serves. @param {string} script @param {Partial<import('./part.mjs').PartSpec>} [more] */
function newPart(script, more = {}) {
  const served = join(folder, 'served');
  /** @type {import('./part.mjs').PartSpec} */
  const spec = {
    name: 'thing',
    title: 'The thing',
    invocation: () => ({ command: process.execPath, args: ['-e', script, served] }),
    ready: (inner, pid) =>
      until(() => existsSync(served) && readFileSync(served, 'utf8') === String(pid), {
        timeoutMs: 20_000,
        what: 'The thing did not answer',
        signal: inner,
        everyMs: 20,
      }),
    ...more,
  };
  const changes = { count: 0 };
  const part = new Part(
    spec,
    new Processes(folder),
    (text) => void said.push(text),
    () => (changes.count += 1),
  );
  parts.push(part);
  return { part, served, changes };
}

const SERVES = "require('node:fs').writeFileSync(process.argv[1], String(process.pid)); setInterval(() => {}, 1000);";

describe(Part.name, () => {
  it('is running once it has started, and gone once it has stopped', async () => {
    const { part } = newPart(SERVES);
    await part.start(signal);
    const { pid } = part;
    expect(pid).toBeTypeOf('number');
    await part.stop(Date.now() + 5000);
    expect(part.pid).toBeNull();
    expect(said).toEqual([]);
  });

  it('comes back under a new pid after a crash, and says so', async () => {
    const { part, changes } = newPart(SERVES);
    await part.start(signal);
    const before = part.pid ?? 0;
    process.kill(before, 'SIGKILL');
    await until(() => said.some((text) => /is back/.test(text)), { timeoutMs: 20_000, what: 'it did not come back' });
    expect(part.pid).not.toBe(before);
    expect(said[0]).toMatch(/^The thing died: it ended with SIGKILL; next start in 0\.5 s \(log: /);
    expect(changes.count).toBeGreaterThanOrEqual(2);
  });

  it('does not come back after it was stopped', async () => {
    const { part } = newPart(SERVES);
    await part.start(signal);
    process.kill(part.pid ?? 0, 'SIGKILL');
    await until(() => said.length > 0, { timeoutMs: 10_000, what: 'nobody noticed' });
    await part.stop(Date.now() + 5000);
    await expect(part.start(signal)).rejects.toMatchObject({ name: 'AbortError' });
    expect(part.pid).toBeNull();
  });

  it('tells in one sentence why it did not start', async () => {
    const { part } = newPart("console.log('Error: address in use'); process.exit(1);");
    await expect(part.start(signal)).rejects.toThrow(
      /^The thing did not start: Error: address in use \(log: .*thing\.log\)$/,
    );
  });

  it('is killed at the deadline when it does not listen', async () => {
    const { part } = newPart(`process.on('SIGTERM', () => {}); ${SERVES}`);
    await part.start(signal);
    await part.stop(Date.now() + 200);
    expect(part.pid).toBeNull();
  });

  it('is not waited for once it has nothing left to lose', async () => {
    const closed = join(folder, 'closed');
    const { part } = newPart(`process.on('SIGTERM', () => {}); ${SERVES}`, { quiet: () => existsSync(closed) });
    await part.start(signal);
    writeFileSync(closed, '');
    await part.stop(Date.now() + 60_000);
    expect(part.pid).toBeNull();
  });

  it('stops starting when it is told to', async () => {
    const stop = new AbortController();
    const { part } = newPart('setInterval(() => {}, 1000);');
    const starting = part.start(stop.signal);
    stop.abort();
    await expect(starting).rejects.toMatchObject({ name: 'AbortError' });
    await part.stop(Date.now() + 5000);
    expect(part.pid).toBeNull();
  });
});

describe('backOffMs', () => {
  it('grows, and after five quick failures stays slow', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 100].map(backOffMs)).toEqual([500, 1000, 2000, 4000, 8000, 30_000, 30_000, 30_000]);
  });
});
