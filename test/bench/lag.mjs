/**
 * `npm run bench:lag`: from the answer to the row. Writes at a fixed rate, whether the answers keep up or not, and looks
 * into MySQL, every few ms, for the rows they must become. See docs/benchmarks.md.
 */
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import mysql from 'mysql2/promise';
import { Failure } from '../../tools/lib/failure.mjs';
import { readJson, writeJson } from '../../tools/lib/json-file.mjs';
import { run } from '../../tools/lib/launcher.mjs';
import { USAGE, readLagOptions } from './lag-options.mjs';
import { LagRun } from './lag-run.mjs';
import { machine } from './report.mjs';
import { Servers } from './servers.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** @param {import('./lag-options.mjs').LagOptions} options */
async function bench(options) {
  await run({
    dataDir: resolve(root, process.env['BENCH_DATA_DIR'] || join('.data', 'bench')),
    stoppedCode: 130,
    main: async ({ dataDir, progress, signal, onStop }) => {
      const servers = new Servers({ root, dataDir, appEnv: {}, progress });
      onStop(() => servers.stop());
      const target = await servers.startService(signal);
      const database = await mysql.createConnection({
        uri: readJson(servers.stack.servicesFile).databaseUrl,
        supportBigNumbers: true,
        bigNumberStrings: true,
        connectTimeout: 10_000,
      });
      onStop(async () => database.destroy());
      const lag = new LagRun({ target, database, options, signal, progress });
      await lag.warmUp();
      const figures = await lag.measure();
      console.log(`\n${JSON.stringify(figures)}\n`);
      if (options.out !== undefined) writeJson(resolve(options.out), { machine: machine(), options, figures });
      if (figures.failed > 0) throw new Failure(`${figures.failed} of ${figures.asked} writes failed.`);
      if (figures.missing > 0) throw new Failure(`${figures.missing} changes never reached MySQL.`);
      if (figures.p99 > options.goal) {
        throw new Failure(`p99 is ${figures.p99.toFixed(0)} ms; the goal is ${options.goal} ms.`);
      }
      return 0;
    },
  });
}

try {
  const options = readLagOptions(process.argv.slice(2));
  if (options === null) console.log(USAGE);
  else await bench(options);
} catch (error) {
  console.error(/** @type {Error} */ (error).message);
  process.exitCode = 2;
}
