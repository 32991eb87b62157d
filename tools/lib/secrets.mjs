import { randomBytes } from 'node:crypto';
import { readJson, writeJson } from './json-file.mjs';

/** @typedef {{ databasePassword: string, jwtSecret: string, guestKeys: string, eventKeys: string }} Secrets */

/**
 * The secrets of this data folder: made at random once, readable by the owner only.
 * @param {string} file
 * @returns {Secrets}
 */
export function loadSecrets(file) {
  const known = readJson(file) ?? {};
  const secrets = {
    databasePassword: known.databasePassword ?? random(),
    jwtSecret: known.jwtSecret ?? random(),
    guestKeys: known.guestKeys ?? `k1:${random()}`,
    eventKeys: known.eventKeys ?? `k1:${random()}`,
  };
  if (Object.keys(secrets).some((name) => known[name] === undefined)) writeJson(file, secrets, 0o600);
  return secrets;
}

function random() {
  return randomBytes(32).toString('base64url');
}
