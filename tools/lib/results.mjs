import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, writeJson } from './json-file.mjs';

/**
 * @typedef {import('./stages.mjs').Tier} Tier
 * @typedef {{ passed: number, failed: number }} Counts
 */

const SLOWEST = 10;

/** @param {Counts[]} all @returns {Counts} */
export function sum(all) {
  return {
    passed: all.reduce((total, { passed }) => total + passed, 0),
    failed: all.reduce((total, { failed }) => total + failed, 0),
  };
}

/** @param {Counts} counts */
export function line({ passed, failed }) {
  return `${passed} passed, ${failed} failed`;
}

/** @param {string} dataDir @param {Tier} tier */
function fileOf(dataDir, tier) {
  return join(dataDir, 'results', `${tier}.json`);
}

/** Drops what an earlier run of the tier counted, and of the tier after it. @param {string} dataDir @param {Tier} tier */
export function forget(dataDir, tier) {
  rmSync(fileOf(dataDir, 'deep'), { force: true });
  if (tier === 'fast') rmSync(fileOf(dataDir, 'fast'), { force: true });
}

/** Keeps what a whole tier counted, for the sum of both. @param {string} dataDir @param {Tier} tier @param {Counts} counts */
export function keep(dataDir, tier, counts) {
  writeJson(fileOf(dataDir, tier), counts);
}

/** What both tiers counted; a tier that did not end counts as one failure. @param {string} dataDir @returns {Counts} */
export function kept(dataDir) {
  const tiers = /** @type {Tier[]} */ (['fast', 'deep']);
  return sum(tiers.map((tier) => readJson(fileOf(dataDir, tier)) ?? { passed: 0, failed: 1 }));
}

/**
 * The slowest test files, a line each.
 * @param {{ project: string, file: string, ms: number }[]} files
 */
export function slowest(files) {
  return [...files]
    .sort((a, b) => b.ms - a.ms)
    .slice(0, SLOWEST)
    .map(({ project, file, ms }) => `${(ms / 1000).toFixed(1).padStart(7)} s  ${project.padEnd(11)} ${file}`);
}
