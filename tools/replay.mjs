#!/usr/bin/env node
/**
 * Drives the service with the invoices of data/online-retail, then proves cart by cart that the answers, Redis, MySQL,
 * the change log and an independent calculation agree. Exit code 1 when they do not, 2 when that could not be proved.
 */
import { parseArgs } from 'node:util';
import { storedMessages } from './replay/broker.mjs';
import { Driver } from './replay/driver.mjs';
import { CheckoutDriver } from './replay/checkout/driver.mjs';
import { differenceLines, Progress, table } from './replay/report.mjs';
import { locate } from './replay/services.mjs';
import { MysqlEye, RedisEye } from './replay/stores.mjs';

const USAGE = `npm run replay -- [options]
The service runs with DEV_LOGIN=true and RATE_LIMITS=off: one address here stands for all the shoppers.
  --url URL             the service (default: services.json, then http://127.0.0.1:3000)
  --services FILE       services.json of the stack (default: $DATA_DIR/services.json)
  --checkout            each invoice is checked out as well: orders, stock and carts are proved; the limits are raised
                        for it when they do not fit, and put back (--max-skus, --max-quantity: what it needs);
                        nobody else may buy meanwhile
  --lines N             only the first N lines of the invoices
  --concurrency N       carts worked on at once (default 16)
  --user-offset N       added to every user id, for a second replay on the same data
  --max-skus N          limits the service runs with (default: as it tells)
  --max-quantity N
  --drain-timeout S     seconds (default 180)
  --in-process          the service runs without a broker: do not look at its message count`;

const text = { type: /** @type {const} */ ('string'), multiple: /** @type {const} */ (false) };
const flag = { type: /** @type {const} */ ('boolean'), multiple: /** @type {const} */ (false) };
const OPTIONS = {
  url: text,
  services: text,
  lines: text,
  concurrency: text,
  'user-offset': text,
  'max-skus': text,
  'max-quantity': text,
  'drain-timeout': text,
  'in-process': flag,
  checkout: flag,
  help: flag,
};

/** @param {string[]} args */
function readOptions(args) {
  const { values } = parseArgs({ args, options: OPTIONS });
  const number = (
    /** @type {'lines' | 'concurrency' | 'user-offset' | 'max-skus' | 'max-quantity' | 'drain-timeout'} */ name,
  ) => {
    const value = values[name];
    if (value !== undefined && !/^\d{1,10}$/.test(value)) throw new Error(`--${name} takes a whole number.`);
    return value === undefined ? undefined : Number(value);
  };
  return {
    help: values.help ?? false,
    checkout: values.checkout ?? false,
    url: values.url,
    file: values.services,
    inProcess: values['in-process'] ?? false,
    lines: number('lines') ?? Infinity,
    concurrency: Math.max(1, number('concurrency') ?? 16),
    userOffset: number('user-offset') ?? 0,
    maxSkus: number('max-skus'),
    maxQuantity: number('max-quantity'),
    drainTimeoutMs: (number('drain-timeout') ?? 180) * 1000,
  };
}

/** @param {ReturnType<typeof readOptions>} options @param {MysqlEye} mysql */
async function replay(options, mysql) {
  const services = () => locate(options);
  const driver = new (options.checkout ? CheckoutDriver : Driver)(options, {
    url: () => services().httpUrl,
    redis: () => RedisEye.open(services().redisUrl),
    mysql,
  });
  const stored = () => (options.inProcess ? Promise.resolve(0) : storedMessages(services()));
  const before = await stored();
  const progress = new Progress(driver.calls);
  const started = performance.now();
  const differences = await driver.play(
    () => progress.step(),
    (line) => console.log(line),
  );
  const seconds = (performance.now() - started) / 1000;
  // A part of the service may be unavailable just now: after the proof it is looked at again.
  await unchanged(driver, () => undefined);
  const drained = await driver.drain();
  if (drained.fault) differences.push(drained.fault);
  differences.push(...(await driver.prove()));
  await unchanged(driver);
  const messages = (await stored()) - before;
  if (!options.inProcess && messages <= 0) {
    differences.push('the broker stored no message: the changes reached MySQL by another way');
  }
  printResult(driver, {
    differences,
    seconds,
    drainMs: drained.ms,
    messages: options.inProcess ? 'not looked at' : messages,
  });
  return differences.length === 0 ? 0 : 1;
}

/**
 * Throws when others have changed limits, prices or SKUs meanwhile: differences would not be the service's.
 * @param {Driver | CheckoutDriver} driver
 * @param {(error: unknown) => void} [onFailure] prices could not be looked at; thrown when left out
 */
async function unchanged({ watch }, onFailure) {
  await watch?.lookAtPrices().catch((error) => {
    if (!onFailure) throw error;
    onFailure(error);
  });
  const verdict = watch?.verdict();
  if (verdict) throw new Error(verdict);
}

/**
 * @param {Driver | CheckoutDriver} driver
 * @param {{ differences: string[], seconds: number, drainMs: number, messages: number | string }} result
 */
function printResult(driver, { differences, seconds, drainMs, messages }) {
  const { tally, client } = driver;
  console.log(
    table([
      ...driver.report(),
      ['outcome unknown', `resolved as applied ${tally.unknownApplied}, as not applied ${tally.unknownNotApplied}`],
      ['waits for the service', client.waits],
      ['broker messages', messages],
      ['adds per second', (tally.adds / seconds).toFixed(0)],
      ['drain time', `${(drainMs / 1000).toFixed(2)} s`],
      ['drift', differences.length],
    ]),
  );
  for (const line of differenceLines(differences)) console.log(line);
  console.log(`drift ${differences.length}`);
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const mysql = await MysqlEye.open(locate(options).databaseUrl);
  try {
    return await replay(options, mysql);
  } finally {
    await mysql.close();
  }
}

const code = await main().catch((error) => {
  console.error(error instanceof Error ? `replay: ${error.message}` : error);
  return 2;
});
// Carts that still wait for a service that does not come back would keep the process for minutes.
process.exit(code);
