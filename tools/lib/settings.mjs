import { Failure } from './failure.mjs';

const SCHEMES = { REDIS_URL: /^rediss?:\/\/[^/]/, DATABASE_URL: /^(mysql|mariadb):\/\/[^/]/ };
const SHOULD_BE = { REDIS_URL: 'redis://HOST:PORT', DATABASE_URL: 'mysql://USER:PASSWORD@HOST:PORT/DATABASE' };

/**
 * The port of the service. Throws Failure for a setting that cannot be meant so, before anything is installed or started:
 * what is said later names a host, not the setting.
 * @param {NodeJS.ProcessEnv} env
 */
export function readSettings(env) {
  const port = Number(env['PORT'] || 3000);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new Failure(`PORT must be 1 … 65535, not ${env['PORT']}.`);
  }
  for (const name of /** @type {const} */ (['REDIS_URL', 'DATABASE_URL'])) {
    const url = env[name];
    // What was given is not said: it may hold a password.
    if (url && !(SCHEMES[name].test(url) && URL.canParse(url)))
      throw new Failure(`${name} must be like ${SHOULD_BE[name]}.`);
  }
  return { port };
}
