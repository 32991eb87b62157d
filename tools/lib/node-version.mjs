import { Failure } from './failure.mjs';

const OLDEST = '20.19';

/** @param {string} version @param {string} [oldest] */
export function isNewEnough(version, oldest = OLDEST) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = oldest.split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/** @throws {Failure} */
export function assertNodeIsNewEnough(version = process.versions.node) {
  if (!isNewEnough(version)) throw new Failure(`Node ${OLDEST} or newer is needed; this is ${version}.`);
}
