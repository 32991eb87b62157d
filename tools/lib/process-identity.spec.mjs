import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { identityOf, isAlive, parseStat, processId } from './process-identity.mjs';

const AFTER_NAME = 'S 1 42 42 0 -1 4194560 100 0 0 0 5 3 0 0 20 0 1 0 987654 1000 200';

describe('parseStat', () => {
  it('reads state and start time', () => {
    expect(parseStat(`42 (node) ${AFTER_NAME}`)).toEqual({ state: 'S', group: 42, startTime: '987654' });
  });

  it('is not misled by a name with spaces and parentheses', () => {
    expect(parseStat(`42 (a) R 7 (b c) ${AFTER_NAME}`)).toEqual({ state: 'S', group: 42, startTime: '987654' });
  });
});

describe('isAlive', () => {
  it('knows this process', () => {
    expect(isAlive(processId(process.pid))).toBe(true);
  });

  it('takes a later process with the same pid for another one', () => {
    expect(isAlive({ pid: process.pid, identity: 'another boot:1' })).toBe(false);
  });

  it('knows that a process has ended, also while nobody has collected it', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
    await once(child, 'spawn');
    const id = processId(child.pid ?? 0);
    expect(isAlive(id)).toBe(true);
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
    expect(isAlive(id)).toBe(false);
  });

  it('has no identity for a pid that nobody has', () => {
    expect(identityOf(2 ** 30)).toBeNull();
    expect(processId(2 ** 30)).toBeNull();
    expect(isAlive(null)).toBe(false);
  });
});
