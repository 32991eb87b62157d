/**
 * `npm run test:load -- <stage …> [--runs N] [--busy N]`: runs stages several times while other processes keep the cores
 * busy. A test that depends on the speed of the machine turns red here.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** Burns a core until this process is gone. */
const SPIN = `
process.on('disconnect', () => process.exit());
const spin = () => { for (const end = Date.now() + 100; Date.now() < end;); setImmediate(spin); };
spin();`;

const { values, positionals } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    busy: { type: 'string', default: String(availableParallelism()) },
  },
  allowPositionals: true,
});
const busy = Array.from({ length: Number(values.busy) }, () =>
  spawn(process.execPath, ['-e', SPIN], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] }),
);

const outcomes = [];
for (let run = 1; run <= Number(values.runs); run += 1) {
  const begun = performance.now();
  const child = spawn(process.execPath, [join(import.meta.dirname, 'test.mjs'), ...positionals], { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  const seconds = Math.round((performance.now() - begun) / 1000);
  outcomes.push(
    `run ${run} of ${positionals.join(', ')} beside ${busy.length} busy processes: ${code === 0 ? 'green' : 'RED'}, ${seconds} s`,
  );
}
console.log(`\n${outcomes.join('\n')}`);
process.exit(outcomes.some((outcome) => outcome.includes('RED')) ? 1 : 0);
