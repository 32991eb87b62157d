import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../support/free-port.js';
import { Stack } from '../support/stack.js';

/** The state of a socket that listens, in /proc/net. */
const LISTENS = '0A';
/** 127.0.0.1 as IPv4, as IPv6 shows it, and ::1. */
const LOOPBACK = ['0100007F', '0000000000000000FFFF00000100007F', '00000000000000000000000001000000'];

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start({ METRICS_PORT: String(await freePort()) });
}, 300_000);
afterAll(async () => {
  expect(await stack?.stop()).toBe(0);
});

/** The inodes of all sockets of a process. */
function socketsOf(pid: number): Set<string> {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}

/** Where a process listens: addresses in hex, as the kernel writes them, and the port. */
function listeners(pid: number): { address: string; port: number }[] {
  const own = socketsOf(pid);
  const lines = ['tcp', 'tcp6'].flatMap((file) => readFileSync(`/proc/net/${file}`, 'utf8').split('\n').slice(1));
  return lines.flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    const [address = '', port = ''] = local.split(':');
    return state === LISTENS && own.has(inode) ? [{ address, port: Number.parseInt(port, 16) }] : [];
  });
}

it('B3: everything that npm start opens listens on loopback alone', () => {
  const open = Object.entries(stack.services().pids).map(([part, pid]) => ({ part, at: listeners(pid) }));
  for (const { part, at } of open) expect({ part, listens: at.length > 0 }).toEqual({ part, listens: true });
  const elsewhere = open.flatMap(({ part, at }) =>
    at.filter(({ address }) => !LOOPBACK.includes(address)).map((one) => ({ part, ...one })),
  );
  expect(elsewhere).toEqual([]);
});
