/** `npm run bench`: the service beside a bare Fastify + Redis server, interleaved, in one run. See docs/benchmarks.md. */
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from '../../tools/lib/failure.mjs';
import { writeJson } from '../../tools/lib/json-file.mjs';
import { run } from '../../tools/lib/launcher.mjs';
import { CpuClock } from './cpu.mjs';
import { Measurement } from './measure.mjs';
import { Profiling } from './profiling.mjs';
import { USAGE, readOptions } from './options.mjs';
import { machine, summarise, tableOf } from './report.mjs';
import { Servers } from './servers.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** @param {import('./options.mjs').Options} options */
async function bench(options) {
  await run({
    dataDir: resolve(root, process.env['BENCH_DATA_DIR'] || join('.data', 'bench')),
    stoppedCode: 130,
    main: async ({ dataDir, progress, signal, onStop }) => {
      if (process.platform !== 'linux') throw new Failure('The benchmark reads CPU times from /proc: it needs Linux.');
      const profiling = options.profile === undefined ? undefined : new Profiling(resolve(options.profile));
      const servers = new Servers({ root, dataDir, appEnv: profiling?.env ?? {}, progress });
      onStop(() => servers.stop());
      const targets = await servers.start(signal);
      const { pids } = servers;
      const clock = new CpuClock(pids);
      const runs = await new Measurement({ targets, clock, options, profiling, signal, progress }).rounds();
      if (JSON.stringify(servers.pids) !== JSON.stringify(pids)) {
        throw new Failure('A server has died during the run: the figures are worth nothing.');
      }
      const rows = summarise(runs);
      console.log(`\n${tableOf(rows)}\n`);
      if (options.out !== undefined) writeJson(resolve(options.out), { machine: machine(), options, rows, runs });
      const faults = runs.flatMap(({ round, workload, target, faults }) =>
        faults.map((fault) => `${workload} on ${target}, round ${round}: ${fault}`),
      );
      for (const fault of faults) console.error(fault);
      return faults.length === 0 ? 0 : 1;
    },
  });
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === null) console.log(USAGE);
  else await bench(options);
} catch (error) {
  console.error(/** @type {Error} */ (error).message);
  process.exitCode = 2;
}
