/** The settings that are judged together; `Env` has them. */
interface JudgedSettings {
  NODE_ENV: string;
  JWT_SECRET?: string;
  JWT_JWKS_URL?: string;
  GUEST_KEYS?: readonly string[];
  EVENT_KEYS?: readonly string[];
  TRANSPORT: string;
  DATABASE_URL: string;
  REDIS_URL: string;
  LOCK_REDIS_URLS?: readonly string[];
  ROCKETMQ_ENDPOINTS?: string;
  ROCKETMQ_ACCESS_KEY?: string;
  ROCKETMQ_SECRET_KEY?: string;
  DEV_LOGIN: boolean;
  DEMO_PAY: boolean;
  LOCK: string;
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);
/** Fewer different characters than that are no random secret, however long. */
const MIN_DISTINCT_CHARACTERS = 10;
/** Words of secrets that were copied from an example. By chance a random secret of 64 letters has one once in millions. */
const EXAMPLE_WORDS = /change.?me|example|placeholder|password|secret|your[-_ ]/i;

/** What is wrong with how users' tokens are to be checked. */
export function tokenFaults(env: JudgedSettings): string[] {
  const faults: string[] = [];
  if ((env.JWT_SECRET === undefined) === (env.JWT_JWKS_URL === undefined)) {
    faults.push('JWT_SECRET, JWT_JWKS_URL: exactly one of them is required');
  }
  if (env.JWT_JWKS_URL !== undefined) {
    if (!isKeyUrl(env.JWT_JWKS_URL, env.NODE_ENV === 'production')) {
      faults.push('JWT_JWKS_URL: must be an https URL; http only on this machine, and not in production');
    }
    if (env.DEV_LOGIN) faults.push('DEV_LOGIN: signs with JWT_SECRET, so it cannot go with JWT_JWKS_URL');
  }
  return faults;
}

/** The URLs of parts have no parameters: one that would be dropped without a word, such as `?ssl=`, is refused by name. */
export function urlFaults(env: JudgedSettings): string[] {
  const urls: [name: string, url: string, hint: string][] = [
    ['DATABASE_URL', env.DATABASE_URL, '; for TLS there are DATABASE_SSL and DATABASE_CA'],
    ['REDIS_URL', env.REDIS_URL, '; for TLS write rediss://'],
    ...(env.LOCK_REDIS_URLS ?? []).map((url): [string, string, string] => ['LOCK_REDIS_URLS', url, '']),
  ];
  return urls.flatMap(([name, url, hint]) => {
    // One that is no URL has a fault of its own.
    const found = URL.canParse(url) ? [...new URL(url).searchParams.keys()] : [];
    return found.map((parameter) => `${name}: the parameter ${parameter.slice(0, 40)} is not known${hint}`);
  });
}

/** What is wrong with how the broker is to be reached. */
export function brokerFaults(env: JudgedSettings): string[] {
  if (env.TRANSPORT !== 'rocketmq') return [];
  const faults: string[] = [];
  if (!env.ROCKETMQ_ENDPOINTS) faults.push('ROCKETMQ_ENDPOINTS: required unless TRANSPORT=in-process');
  if (!env.EVENT_KEYS?.length) faults.push('EVENT_KEYS: required unless TRANSPORT=in-process, as kid:secret');
  if ((env.ROCKETMQ_ACCESS_KEY === undefined) !== (env.ROCKETMQ_SECRET_KEY === undefined)) {
    faults.push('ROCKETMQ_ACCESS_KEY, ROCKETMQ_SECRET_KEY: both or neither');
  }
  return faults;
}

/** What no shop may run with. `source` also holds the switches of tests, which are no settings. */
export function productionFaults(env: JudgedSettings, source: NodeJS.ProcessEnv): string[] {
  const faults: string[] = [];
  if (env.DEV_LOGIN) faults.push('DEV_LOGIN: not in production');
  if (env.DEMO_PAY) faults.push('DEMO_PAY: not in production');
  if (env.LOCK === 'noop') faults.push('LOCK: noop is for tests, not for production');
  if (source['CRASH_AT']) faults.push('CRASH_AT: is for tests, not for production');
  const secretsOf = (keys: readonly string[] = []) => keys.map((entry) => entry.slice(entry.indexOf(':') + 1));
  const guestSecrets = secretsOf(env.GUEST_KEYS);
  const eventSecrets = secretsOf(env.EVENT_KEYS);
  if (env.JWT_SECRET !== undefined && isGuessable(env.JWT_SECRET)) faults.push(`JWT_SECRET: ${GUESSABLE}`);
  if (guestSecrets.some(isGuessable)) faults.push(`GUEST_KEYS: ${GUESSABLE}`);
  if (eventSecrets.some(isGuessable)) faults.push(`EVENT_KEYS: ${GUESSABLE}`);
  const keySecrets = [...guestSecrets, ...eventSecrets];
  if (new Set([...keySecrets, env.JWT_SECRET]).size <= keySecrets.length) {
    faults.push('JWT_SECRET, GUEST_KEYS, EVENT_KEYS: each secret must be another one');
  }
  return faults;
}

const GUESSABLE = 'looks like an example, not like a random secret (openssl rand -hex 32 makes one)';

function isGuessable(secret: string): boolean {
  return new Set(secret).size < MIN_DISTINCT_CHARACTERS || EXAMPLE_WORDS.test(secret);
}

function isKeyUrl(text: string, production: boolean): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && !production && LOOPBACK.has(url.hostname));
}
