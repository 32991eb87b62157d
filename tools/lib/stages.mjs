/**
 * The stages of the tests. `npm test` runs the first tier, `npm run test:deep` the second.
 * @typedef {'fast' | 'deep'} Tier
 */

/**
 * Each list is a step; the stages of a step share nothing and run at the same time.
 * @type {Record<Tier, string[][]>}
 */
export const TIERS = {
  fast: [
    ['lint', 'typecheck', 'boundaries', 'servers'],
    ['unit'],
    ['migrations'],
    ['integration'],
    ['e2e'],
    ['replay'],
  ],
  deep: [['model', 'container'], ['fault'], ['mutants'], ['long-replay']],
};

/** What each stage proves, for `npm test -- --help`. @type {Record<string, string>} */
export const ABOUT = {
  lint: 'ESLint with types, Prettier',
  typecheck: 'the service, its pages, the tools',
  boundaries: 'who may import whom; each rule is seen to fail',
  servers: 'build, Redis, MariaDB, RocketMQ, schema and sample catalogue of each shard',
  unit: 'no server needed',
  migrations: 'all migrations up, down and up again',
  integration: 'modules on real servers',
  e2e: 'the built service over HTTP, a short model test and fuzz, the pages in Chromium',
  replay: '1,500 lines of real invoices, then with checkout; drift must be 0',
  model: '2,000 sequences and races against the in-memory model, 5,000 requests made from the OpenAPI document',
  container: 'the steps of the Dockerfile, the schema of compose.yaml',
  fault: 'kill -9 and SIGSTOP of every process in the middle of the work',
  mutants: 'each promise of the code broken in turn: its tests must turn red',
  'long-replay': 'all invoices of the sample, then with checkout',
};

/**
 * The steps to run: a tier, or the named stages in their order.
 * @param {Tier} tier
 * @param {string[]} names
 */
export function stepsOf(tier, names) {
  if (names.length === 0) return TIERS[tier];
  const all = [...TIERS.fast, ...TIERS.deep];
  return all.map((step) => step.filter((name) => names.includes(name))).filter((step) => step.length > 0);
}

/** @returns {string} */
export function help() {
  const list = (/** @type {Tier} */ tier) =>
    TIERS[tier]
      .flat()
      .map((name) => `  ${name.padEnd(12)} ${ABOUT[name]}`)
      .join('\n');
  return `npm test -- [stage …] [--file TEXT] [--name PATTERN]
npm run test:deep -- [the same]

Without a stage the whole tier runs. Stages of either tier can be named; what they need (packages, programs, build, servers)
is prepared first. Everything runs on private servers with its data below .data/test.

Stages of npm test:
${list('fast')}

Stages of npm run test:deep:
${list('deep')}

  --file TEXT      only test files (or mutants) whose path (or name) contains the text
  --name PATTERN   only tests whose full title matches
  --shards N       test files that run at once, each on servers of its own (default 3)`;
}
