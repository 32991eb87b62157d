import os from 'node:os';
import { WORKLOADS, isHot } from './workloads.mjs';

/**
 * @typedef {import('./measure.mjs').Run} Run
 * @typedef {{ median: number, least: number, most: number }} Spread
 *
 * @typedef {object} Row
 * @property {string} workload
 * @property {string} target
 * @property {Record<'rps' | 'p50' | 'p99' | 'appUs' | 'appUsUnderLoad' | 'redisUs' | 'brokerUs' | 'mysqlUs' | 'drainSeconds' | 'foreignCores' | 'loadCores', Spread>} figures
 * @property {Spread | null} rpsRatio to the bare server in the same round; null for the bare server itself
 * @property {Spread | null} cpuRatio of the app's CPU per request, likewise
 * @property {number} answered
 * @property {number} failed
 * @property {number} lost
 */

const FIGURES = /** @type {const} */ ([
  'rps',
  'p50',
  'p99',
  'appUs',
  'appUsUnderLoad',
  'redisUs',
  'brokerUs',
  'mysqlUs',
  'drainSeconds',
  'foreignCores',
  'loadCores',
]);
const BASE = 'bare';

/** @param {number[]} values @returns {Spread} */
export function spreadOf(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
  return { median, least: sorted[0] ?? NaN, most: sorted.at(-1) ?? NaN };
}

/**
 * One row per workload and target: medians over the rounds. A ratio is taken within each round first: what disturbs a
 * round disturbs both targets.
 * @param {Run[]} runs
 * @returns {Row[]}
 */
export function summarise(runs) {
  const workloads = [...new Set(runs.map(({ workload }) => workload))];
  const targets = [...new Set(runs.map(({ target }) => target))].sort();
  return workloads.flatMap((workload) =>
    targets.map((target) => {
      const own = runs.filter((run) => run.workload === workload && run.target === target);
      const ratio = (/** @type {'rps' | 'appUs'} */ figure) =>
        target === BASE ? null : spreadOf(own.map((run) => run[figure] / baseOf(runs, run)[figure]));
      const sum = (/** @type {'answered' | 'failed' | 'lost'} */ figure) =>
        own.reduce((total, run) => total + run[figure], 0);
      return {
        workload,
        target,
        figures: /** @type {Row['figures']} */ (
          Object.fromEntries(FIGURES.map((figure) => [figure, spreadOf(own.map((run) => run[figure]))]))
        ),
        rpsRatio: ratio('rps'),
        cpuRatio: ratio('appUs'),
        answered: sum('answered'),
        failed: sum('failed'),
        lost: sum('lost'),
      };
    }),
  );
}

/** The bare server's run of the same workload in the same round. @param {Run[]} runs @param {Run} run */
function baseOf(runs, { workload, round }) {
  const base = runs.find((each) => each.workload === workload && each.round === round && each.target === BASE);
  if (base === undefined) throw new Error(`round ${round} of ${workload} has no run of the bare server`);
  return base;
}

const HEAD = [
  'workload',
  'target',
  'req/s',
  '× bare',
  'p50 ms',
  'p99 ms',
  'errors',
  'app µs/req',
  '× bare',
  'Redis µs/req',
  'broker µs/req',
  'MySQL µs/req',
  'drain s',
  'lost adds',
  'foreign cores',
];

/** @param {Row[]} rows @returns {string} a markdown table */
export function tableOf(rows) {
  const cells = rows.map((row) => cellsOf(row));
  const align = HEAD.map((_, column) => (column < 2 ? '---' : '--:'));
  return [HEAD, align, ...cells].map((line) => `| ${line.join(' | ')} |`).join('\n');
}

/** @param {Row} row */
function cellsOf({ workload, target, figures, rpsRatio, cpuRatio, answered, failed, lost }) {
  const { rps, p50, p99, appUs, redisUs, brokerUs, mysqlUs, drainSeconds, foreignCores } = figures;
  const what = WORKLOADS[workload];
  const behind = target === BASE ? '–' : '';
  return [
    what?.title ?? workload,
    target,
    rps.median.toFixed(0),
    spread(rpsRatio),
    p50.median.toFixed(1),
    p99.median.toFixed(1),
    `${failed} of ${answered}`,
    appUs.median.toFixed(0),
    spread(cpuRatio),
    redisUs.median.toFixed(0),
    behind || brokerUs.median.toFixed(0),
    behind || mysqlUs.median.toFixed(0),
    behind || drainSeconds.median.toFixed(1),
    what && isHot(what) ? `${lost} of ${answered - failed}` : '–',
    foreignCores.median.toFixed(2),
  ];
}

/** @param {Spread | null} value */
function spread(value) {
  return value === null ? '1' : `${value.median.toFixed(2)} [${value.least.toFixed(2)}–${value.most.toFixed(2)}]`;
}

/** What the figures were measured on. */
export function machine() {
  const [cpu] = os.cpus();
  return {
    date: new Date().toISOString(),
    node: process.version,
    cores: os.cpus().length,
    model: cpu?.model ?? '',
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    kernel: `${os.type()} ${os.release()}`,
  };
}
