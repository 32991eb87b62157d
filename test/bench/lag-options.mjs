import { parseArgs } from 'node:util';

/**
 * @typedef {object} LagOptions
 * @property {number} rate writes a second
 * @property {number} seconds
 * @property {number} carts of as many users
 * @property {number} goal p99, ms
 * @property {string | undefined} out
 */

export const USAGE = `npm run bench:lag -- [options]
  --rate N      writes a second (default 200)
  --seconds N   how long (default 60)
  --carts N     of as many users (default 200)
  --goal MS     p99 from the answer to the row (default 2000)
  --out FILE    the figures as JSON
Exit code 1 when a write failed, a change never reached MySQL, or the goal is missed.`;

/** Least, most and usual value; the bounds keep every run finite. */
const NUMBERS = {
  rate: /** @type {const} */ ([1, 5_000, 200]),
  seconds: /** @type {const} */ ([1, 600, 60]),
  carts: /** @type {const} */ ([1, 2_000, 200]),
  goal: /** @type {const} */ ([1, 60_000, 2_000]),
};

/**
 * @param {string[]} args
 * @returns {LagOptions | null} null when help was asked for
 * @throws {Error} one sentence about the option that cannot be used
 */
export function readLagOptions(args) {
  const text = { type: /** @type {const} */ ('string'), multiple: /** @type {const} */ (false) };
  const options = { rate: text, seconds: text, carts: text, goal: text, out: text };
  const { values } = parseArgs({ args, options: { ...options, help: { type: /** @type {const} */ ('boolean') } } });
  if (values.help) return null;
  /** @param {keyof typeof NUMBERS} name */
  const number = (name) => {
    const [least, most, usual] = NUMBERS[name];
    const value = Number(values[name] ?? usual);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new Error(`--${name} takes a whole number from ${least} to ${most}, not ${values[name]}.`);
  };
  return {
    rate: number('rate'),
    seconds: number('seconds'),
    carts: number('carts'),
    goal: number('goal'),
    out: values.out,
  };
}
