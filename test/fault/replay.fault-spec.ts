import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { Stack, withoutServers } from '../support/stack.js';

const REPLAY = join(import.meta.dirname, '../../tools/replay.mjs');
const LINES = '600';

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(async () => {
  expect(await stack.stop()).toBe(0);
});

/** Replays real invoices, does `harm` when a third of them is through, and returns what the replay found. */
async function replay(userOffset: number, harm: () => Promise<void>): Promise<{ exitCode: number; output: string }> {
  const args = ['--services', stack.servicesFile, '--lines', LINES, '--user-offset', String(userOffset)];
  const child = spawn(process.execPath, [REPLAY, ...args], { stdio: 'pipe', env: withoutServers() });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exit = once(child, 'exit') as Promise<[number]>;
  try {
    await eventually(() => expect(output).toMatch(/replay 30 %/), { timeoutMs: 200_000 });
    expect(output).not.toMatch(/replay 100 %/);
    await harm();
    const [exitCode] = await exit;
    return { exitCode, output };
  } finally {
    child.kill('SIGKILL');
  }
}

// The replay itself compares every cart: answer = Redis = MySQL = the calculation from the file, each acknowledged add
// once in the change log, and the broker's own message count has risen.
it.each(['app', 'broker', 'redis', 'mysql'] as const)(
  'kill -9 of the %s in the middle of a replay loses nothing and adds nothing',
  async (part) => {
    const offset = { app: 1, broker: 2, redis: 3, mysql: 4 }[part] * 10_000_000;
    const { exitCode, output } = await replay(offset, () => stack.kill(part));
    expect(output).toMatch(/^drift 0$/m);
    expect(exitCode).toBe(0);
  },
);
