/**
 * Loaded into the service (`node --import`) by `--profile`: SIGUSR2 starts the CPU profiler, the next one stops it and
 * writes PROFILE_DIR/<n>.cpuprofile, which appears in one step when it is complete.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';

const INTERVAL_US = 500;

const session = new Session();
session.connect();
let signals = 0;

async function toggle() {
  signals += 1;
  if (signals % 2 === 1) {
    await session.post('Profiler.start');
    return;
  }
  const { profile } = await session.post('Profiler.stop');
  const file = join(process.env['PROFILE_DIR'] ?? '.', `${signals / 2}.cpuprofile`);
  writeFileSync(`${file}.part`, JSON.stringify(profile));
  renameSync(`${file}.part`, file);
}

await session.post('Profiler.enable');
await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
process.on('SIGUSR2', () => void toggle().catch((error) => console.error(error)));
