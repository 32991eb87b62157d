import { parseArgs } from 'node:util';
import { WORKLOADS } from './workloads.mjs';

/**
 * @typedef {object} Options
 * @property {number} rounds
 * @property {number} seconds of load per run
 * @property {number} connections kept open, each with one request under way
 * @property {number} carts per workload, each of another user
 * @property {number} patience how long a run waits for the rest of the machine to be quiet, seconds
 * @property {string[]} workloads
 * @property {boolean} warmUp
 * @property {string | undefined} out
 * @property {string | undefined} profile
 */

const names = Object.keys(WORKLOADS);

export const USAGE = `npm run bench -- [options]
  --rounds N          measured rounds (default 3); one more is run first and thrown away
  --seconds N         seconds of load per run (default 5)
  --connections N     (default 50)
  --carts N           carts per workload, each of another user (default 200)
  --workloads a,b     of ${names.join(', ')} (default: all)
  --patience S        before each run wait up to S seconds until the rest of the machine is quiet (default 0)
  --out FILE          every run and the summary as JSON
  --profile DIR       also write a CPU profile of the service per measured run (its figures then include the profiler)
  --smoke             one round of one second each, few carts, no warm-up
Exit code 1 when a request failed or an acknowledged add is missing.`;

/** Least, most, usual value and the one of a smoke run; the bounds keep every run finite. */
const NUMBERS = {
  rounds: /** @type {const} */ ([1, 50, 3, 1]),
  seconds: /** @type {const} */ ([1, 120, 5, 1]),
  connections: /** @type {const} */ ([1, 500, 50, 20]),
  carts: /** @type {const} */ ([1, 2000, 200, 20]),
  patience: /** @type {const} */ ([0, 600, 0, 0]),
};
const text = { type: /** @type {const} */ ('string'), multiple: /** @type {const} */ (false) };
const flag = { type: /** @type {const} */ ('boolean'), multiple: /** @type {const} */ (false) };
const OPTIONS = {
  rounds: text,
  seconds: text,
  connections: text,
  carts: text,
  patience: text,
  workloads: text,
  out: text,
  profile: text,
  smoke: flag,
  help: flag,
};

/**
 * @param {string[]} args
 * @returns {Options | null} null when help was asked for
 * @throws {Error} one sentence about the option that cannot be used
 */
export function readOptions(args) {
  const { values } = parseArgs({ args, options: OPTIONS });
  if (values.help) return null;
  /** @param {keyof typeof NUMBERS} name */
  const number = (name) => {
    const [least, most, usual, smoke] = NUMBERS[name];
    const value = Number(values[name] ?? (values.smoke ? smoke : usual));
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new Error(`--${name} takes a whole number from ${least} to ${most}, not ${values[name]}.`);
  };
  const workloads = values.workloads?.split(',').filter(Boolean) ?? names;
  const unknown = workloads.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`There is no workload ${unknown.join(', ')}; there are ${names.join(', ')}.`);
  return {
    rounds: number('rounds'),
    seconds: number('seconds'),
    connections: number('connections'),
    carts: number('carts'),
    patience: number('patience'),
    workloads: names.filter((name) => workloads.includes(name)),
    warmUp: !values.smoke,
    out: values.out,
    profile: values.profile,
  };
}
