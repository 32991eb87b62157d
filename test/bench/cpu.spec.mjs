import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { CpuClock, parseBusy, parseCpu } from './cpu.mjs';

describe('parseCpu', () => {
  it('adds user and kernel time, whatever the name of the process', () => {
    expect(parseCpu('42 (a) b (c) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 7 7 20 0 11 0 999')).toBe(3);
  });
});

describe('parseBusy', () => {
  it('counts everything but idle and waiting for disks, stolen time too', () => {
    expect(parseBusy('cpu  100 200 300 9999 9999 10 20 30 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n')).toBe(6.6);
  });
});

describe.runIf(process.platform === 'linux')('CpuClock', () => {
  it('tells own work from that of others', () => {
    const clock = new CpuClock({ idle: process.ppid });
    const before = clock.read();
    spawnSync(process.execPath, ['-e', 'for (const until = Date.now() + 400; Date.now() < until;);']);
    const { cpu, seconds } = clock.since(before);
    expect(seconds).toBeGreaterThan(0.4);
    // The busy child is none of the known processes.
    expect(cpu['foreign']).toBeGreaterThan(cpu['load'] ?? NaN);
  });
});
