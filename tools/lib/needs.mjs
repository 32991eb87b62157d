import { Apt, whyNoApt } from './apt.mjs';
import { findPrograms, missingPrograms } from './programs.mjs';

/**
 * Where the programs are; what is missing is installed first, where apt-get can be used.
 * @param {(keyof typeof import('./programs.mjs').NEEDS)[]} names
 * @param {{ dataDir: string, processes: import('./processes.mjs').Processes,
 *   progress: import('./progress.mjs').Progress, signal: AbortSignal }} options
 * @returns {Promise<Record<string, string>>}
 * @throws {import('./failure.mjs').Failure} one sentence per part that is missing
 */
export async function ensurePrograms(names, { dataDir, processes, progress, signal }) {
  const { found, missing } = await findPrograms(names, dataDir);
  if (missing.length === 0) return found;
  const refusal = whyNoApt();
  if (refusal !== null) throw missingPrograms(missing, refusal);
  await new Apt(processes, progress, signal).install(missing.flatMap(({ packages }) => packages));
  const again = await findPrograms(names, dataDir);
  if (again.missing.length > 0)
    throw missingPrograms(again.missing, 'apt-get installed its packages, yet they were not found.');
  return again.found;
}
