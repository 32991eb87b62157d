import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Where the stack is.
 * @typedef {object} Services
 * @property {string} httpUrl
 * @property {string} redisUrl
 * @property {string} databaseUrl
 * @property {string} [rocketmqNamesrv]
 */

/**
 * Reads the addresses `npm start` wrote; a restart may have changed them, so ask again when in doubt.
 * @param {{ url?: string, file?: string }} options
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Services}
 */
export function locate({ url, file }, env = process.env) {
  const path = file ?? join(env['DATA_DIR'] ?? '.data', 'services.json');
  const written = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  const services = {
    ...written,
    httpUrl: url ?? written.httpUrl ?? 'http://127.0.0.1:3000',
    redisUrl: written.redisUrl ?? env['REDIS_URL'],
    databaseUrl: written.databaseUrl ?? env['DATABASE_URL'],
  };
  for (const name of /** @type {const} */ (['redisUrl', 'databaseUrl'])) {
    if (services[name]) continue;
    throw new Error(`${name} is unknown: start the stack with npm start, or name its services.json with --services.`);
  }
  return services;
}
