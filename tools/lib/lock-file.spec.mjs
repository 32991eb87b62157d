import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tryLock, unlock, withLock } from './lock-file.mjs';
import { processId } from './process-identity.mjs';

const self = /** @type {import('./process-identity.mjs').ProcessId} */ (processId(process.pid));
let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'));
  path = join(folder, 'sub', 'the.lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('tryLock', () => {
  it('takes a free lock and leaves nothing but the lock', () => {
    expect(tryLock(path, self)).toBeNull();
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(self);
    expect(readdirSync(join(folder, 'sub'))).toEqual(['the.lock']);
  });

  it('names the living holder', () => {
    tryLock(path, { ...self, note: 'first' });
    expect(tryLock(path, self)).toEqual({ ...self, note: 'first' });
  });

  it('takes over from a holder that is dead, or whose pid is another process now', () => {
    tryLock(path, { pid: process.pid, identity: 'another boot:1' });
    expect(tryLock(path, self)).toBeNull();
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(self);
    expect(readdirSync(join(folder, 'sub'))).toEqual(['the.lock']);
  });

  it('takes over a lock that was never written to its end', () => {
    tryLock(path, self);
    writeFileSync(path, '{"pid":');
    expect(tryLock(path, self)).toBeNull();
  });
});

describe('unlock', () => {
  it('gives back only what is ours', () => {
    tryLock(path, self);
    unlock(path, process.pid + 1);
    expect(tryLock(path, self)).not.toBeNull();
    unlock(path, process.pid);
    expect(tryLock(path, self)).toBeNull();
  });
});

describe('withLock', () => {
  it('lets one work at a time and tells who waits', async () => {
    const { signal } = new AbortController();
    /** @type {number[]} */
    const waited = [];
    let running = 0;
    let most = 0;
    const work = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 20));
      running -= 1;
    };
    const onWait = (/** @type {{ pid: number }} */ { pid }) => void waited.push(pid);
    await Promise.all([1, 2, 3].map(() => withLock(path, { signal, onWait }, work)));
    expect(most).toBe(1);
    expect(waited).toEqual([process.pid, process.pid]);
  });

  it('gives the lock back when the work fails', async () => {
    const { signal } = new AbortController();
    const options = { signal, onWait: () => {} };
    const failing = withLock(path, options, async () => {
      throw new Error('broken');
    });
    await expect(failing).rejects.toThrow('broken');
    await expect(withLock(path, options, async () => 'done')).resolves.toBe('done');
  });

  it('stops waiting when it is told to', async () => {
    tryLock(path, self);
    const stop = new AbortController();
    const waiting = withLock(path, { signal: stop.signal, onWait: () => stop.abort() }, async () => {});
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });
});
