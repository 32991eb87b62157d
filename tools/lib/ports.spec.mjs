import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { choosePorts, isFree, quietRange } from './ports.mjs';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ports-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const always = async () => true;

describe('choosePorts', () => {
  it('keeps the ports of the last start while they are free', async () => {
    const file = join(folder, 'ports.json');
    const first = await choosePorts(file, { redis: [0], broker: [0, -2] }, always);
    expect(await choosePorts(file, { redis: [0], broker: [0, -2] }, always)).toEqual(first);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(first);
  });

  it('chooses another one for a port that is taken, and leaves the others', async () => {
    const file = join(folder, 'ports.json');
    const first = await choosePorts(file, { redis: [0], mysql: [0] }, always);
    const second = await choosePorts(file, { redis: [0], mysql: [0] }, async (port) => port !== first.redis);
    expect(second.redis).not.toBe(first.redis);
    expect(second.mysql).toBe(first.mysql);
  });

  it('gives up a port whose second port is taken', async () => {
    const file = join(folder, 'ports.json');
    const { broker } = await choosePorts(file, { broker: [0, -2] }, always);
    const again = await choosePorts(file, { broker: [0, -2] }, async (port) => port !== broker - 2);
    expect(again.broker).not.toBe(broker);
  });

  it('gives no port twice in one call', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `part${index}`);
    const wanted = Object.fromEntries(names.map((name) => [name, [0, -2]]));
    const chosen = Object.values(await choosePorts(join(folder, 'ports.json'), wanted, always));
    const used = chosen.flatMap((port) => [port, port - 2]);
    expect(new Set(used).size).toBe(used.length);
  });

  it('remembers the ports of names it was not asked about', async () => {
    const file = join(folder, 'ports.json');
    const { redis } = await choosePorts(file, { redis: [0] }, always);
    await choosePorts(file, { app: [0] }, always);
    expect(JSON.parse(readFileSync(file, 'utf8')).redis).toBe(redis);
  });

  it('says so when nothing is free', async () => {
    const none = choosePorts(join(folder, 'ports.json'), { redis: [0] }, async () => false);
    await expect(none).rejects.toThrow(/No free port/);
  });
});

describe('quietRange', () => {
  it('stays below the ephemeral range', () => {
    expect(quietRange('32768\t60999\n')).toEqual({ low: 10_000, high: 32_767 });
    expect(quietRange('20000 30000')).toEqual({ low: 10_000, high: 19_999 });
  });

  it('has an answer where the system tells none, or leaves no room', () => {
    expect(quietRange('')).toEqual({ low: 10_000, high: 32_767 });
    expect(quietRange('1024 65535')).toEqual({ low: 10_000, high: 32_767 });
  });
});

describe('isFree', () => {
  it.each(['127.0.0.1', '0.0.0.0'])('sees a listener on %s', async (host) => {
    const server = createServer();
    await new Promise((resolve) => server.listen(0, host, () => resolve(undefined)));
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    expect(await isFree(port)).toBe(false);
    await new Promise((resolve) => server.close(resolve));
    expect(await isFree(port)).toBe(true);
  });
});
