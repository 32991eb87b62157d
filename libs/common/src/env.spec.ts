import { readFileSync } from 'node:fs';
import { getMetadataStorage } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { Env, EnvError, readEnv } from './env.js';

const GOOD = {
  REDIS_URL: 'redis://127.0.0.1:6379',
  DATABASE_URL: 'mysql://cart@127.0.0.1/cart',
  TRANSPORT: 'in-process',
  JWT_SECRET: 'fQ1v8Zk3rT6yW0xNcB5mLpHs2DgJa9Ue',
  GUEST_KEYS: 'k1:7hXoYt4Gd1KqVz8RwEn3CmSb6JfPu0Ai',
};
const BROKER = {
  TRANSPORT: 'rocketmq',
  ROCKETMQ_ENDPOINTS: '127.0.0.1:8081',
  EVENT_KEYS: 'k1:2cWn9Rz5TxGq0LsVb8KmYe4HdPfJu7Aa',
};
const PRODUCTION = { ...GOOD, NODE_ENV: 'production' };
const JWKS = 'https://login.shop.example/keys';

type Refusal = [name: string, change: NodeJS.ProcessEnv, fault: string];

/** What readEnv complains about, or nothing. */
function faults(source: NodeJS.ProcessEnv): string {
  try {
    readEnv(source);
    return '';
  } catch (error) {
    expect(error).toBeInstanceOf(EnvError);
    return (error as Error).message;
  }
}

describe(readEnv.name, () => {
  it('takes settings without a fault, in production too', () => {
    expect(readEnv(GOOD)).toMatchObject({ NODE_ENV: 'development', RATE_LIMITS: 'on', TRUST_PROXY: [] });
    expect(faults(PRODUCTION)).toBe('');
    expect(faults({ ...PRODUCTION, ...BROKER })).toBe('');
  });

  it('never repeats a value: it may be a secret', () => {
    expect(faults({ ...GOOD, JWT_SECRET: 'too-short' })).not.toContain('too-short');
  });

  it.each([
    ['a short secret', { JWT_SECRET: 'x'.repeat(31) }, 'JWT_SECRET'],
    ['a short guest key', { GUEST_KEYS: 'k1:short' }, 'GUEST_KEYS'],
    ['no guest key', { GUEST_KEYS: '' }, 'GUEST_KEYS'],
    ['a broker without a key for its messages', { ...BROKER, EVENT_KEYS: '' }, 'EVENT_KEYS: required'],
    ['a short event key', { ...BROKER, EVENT_KEYS: 'k1:short' }, 'EVENT_KEYS'],
    ['half an account of the broker', { ...BROKER, ROCKETMQ_ACCESS_KEY: 'me' }, 'both or neither'],
    [
      'B11: TLS by a parameter',
      { DATABASE_URL: 'mysql://cart@db/cart?ssl=true' },
      'DATABASE_URL: the parameter ssl is not',
    ],
    ['B11: a parameter of Redis', { REDIS_URL: 'redis://r:6379?tls=1' }, 'REDIS_URL: the parameter tls is not known'],
    [
      'B11: one of a lock node',
      { LOCK_REDIS_URLS: 'redis://a:1,redis://b:1/?db=2' },
      'LOCK_REDIS_URLS: the parameter db',
    ],
    ['no secret at all', { JWT_SECRET: '' }, 'exactly one'],
    ['a secret beside a key URL', { JWT_JWKS_URL: JWKS }, 'exactly one'],
    ['a limit that is no limit', { RATE_LIMIT_READS: '100' }, 'RATE_LIMIT_READS: must be requests/seconds'],
    ['a limit of none', { RATE_LIMIT_READS: '0/10' }, 'RATE_LIMIT_READS'],
    ['a proxy that is nowhere', { TRUST_PROXY: 'proxy.internal' }, 'TRUST_PROXY'],
    ['hops, which anybody can fake who gets past the proxy', { TRUST_PROXY: '1' }, 'TRUST_PROXY'],
    ['everybody as a proxy', { TRUST_PROXY: '0.0.0.0/0' }, 'TRUST_PROXY'],
    ['every origin', { CORS_ORIGINS: '*' }, 'CORS_ORIGINS'],
    ['a schedule that is none', { SYNC_DAILY_CRON: '61 * * * *' }, 'SYNC_DAILY_CRON: must be a cron expression'],
    ['to forget what the broker may bring again', { CHANGE_LOG_DAYS: '3' }, 'CHANGE_LOG_DAYS'],
    ['a fall of nothing', { PRICE_DROP_PERCENT: '0' }, 'PRICE_DROP_PERCENT'],
    ['to keep no event', { SHOPPER_EVENTS_DAYS: '0' }, 'SHOPPER_EVENTS_DAYS'],
    ['an idle time that is none', { EVICT_IDLE_DAYS: '-1' }, 'EVICT_IDLE_DAYS'],
    ['an outbox without room', { OUTBOX_MAX_ENTRIES: '0' }, 'OUTBOX_MAX_ENTRIES'],
    ['an origin with a path', { CORS_ORIGINS: 'https://shop.example/' }, 'CORS_ORIGINS'],
  ])('refuses %s', (_name, change, fault) => {
    expect(faults({ ...GOOD, ...change })).toContain(fault);
  });

  it('takes parts of a day, and never', () => {
    expect(readEnv({ ...GOOD, EVICT_IDLE_DAYS: '0.25' }).EVICT_IDLE_DAYS).toBe(0.25);
    expect(readEnv({ ...GOOD, EVICT_IDLE_DAYS: '0' }).EVICT_IDLE_DAYS).toBe(0);
  });

  it('takes schedules, and none', () => {
    const env = readEnv({ ...GOOD, SYNC_HOURLY_CRON: '*/10 * * * * *', SYNC_DAILY_CRON: 'off', CHANGE_LOG_DAYS: '0' });
    expect(env).toMatchObject({ SYNC_HOURLY_CRON: '*/10 * * * * *', SYNC_DAILY_CRON: 'off', CHANGE_LOG_DAYS: 0 });
  });

  it('takes limits, networks and origins', () => {
    const env = readEnv({
      ...GOOD,
      RATE_LIMIT_WRITES: '7/60',
      TRUST_PROXY: 'loopback,10.0.0.0/8,192.0.2.7,2001:db8::/32',
      CORS_ORIGINS: 'https://shop.example,http://localhost:5173',
    });
    expect(env.RATE_LIMIT_WRITES).toEqual({ limit: 7, windowSeconds: 60 });
    expect(env.TRUST_PROXY).toHaveLength(4);
    expect(env.CORS_ORIGINS).toEqual(['https://shop.example', 'http://localhost:5173']);
  });
});

describe('the keys of the tokens', () => {
  const withKeys = (url: string, more = {}) => faults({ ...PRODUCTION, JWT_SECRET: '', JWT_JWKS_URL: url, ...more });

  it('may be at an https URL, and while developing on this machine', () => {
    expect(withKeys(JWKS)).toBe('');
    expect(withKeys('http://127.0.0.1:8080/keys', { NODE_ENV: 'development' })).toBe('');
    expect(withKeys('http://127.0.0.1:8080/keys')).toContain('JWT_JWKS_URL');
    expect(withKeys('http://login.shop.example/keys', { NODE_ENV: 'development' })).toContain('JWT_JWKS_URL');
    expect(withKeys('file:///etc/keys', { NODE_ENV: 'development' })).toContain('JWT_JWKS_URL');
    expect(withKeys('nonsense')).toContain('JWT_JWKS_URL');
  });

  it('leave nothing for the development login to sign with', () => {
    expect(withKeys(JWKS, { NODE_ENV: 'development', DEV_LOGIN: 'true' })).toContain('DEV_LOGIN');
  });
});

describe('S22: production', () => {
  const examples = [
    'x'.repeat(40),
    '01'.repeat(20),
    'change-me-change-me-0123456789ab',
    'your-256-bit-key-goes-right-here!',
  ];

  it.each<Refusal>([
    ['the development login', { DEV_LOGIN: 'true' }, 'DEV_LOGIN'],
    ['paying with a click', { DEMO_PAY: 'true' }, 'DEMO_PAY'],
    ['locks that lock nothing', { LOCK: 'noop' }, 'LOCK'],
    ['a switch of the fault tests', { CRASH_AT: 'after-script' }, 'CRASH_AT'],
    ...examples.map((secret) => [`the secret ${secret}`, { JWT_SECRET: secret }, 'JWT_SECRET'] as Refusal),
    ...examples.map((secret) => [`the guest key ${secret}`, { GUEST_KEYS: `k1:${secret}` }, 'GUEST_KEYS'] as Refusal),
    ['one secret for two purposes', { GUEST_KEYS: `k1:${GOOD.JWT_SECRET}` }, 'another one'],
    ['a secret of tokens for messages', { ...BROKER, EVENT_KEYS: GOOD.GUEST_KEYS }, 'another one'],
    ['one secret under two names', { GUEST_KEYS: `${GOOD.GUEST_KEYS},k2${GOOD.GUEST_KEYS.slice(2)}` }, 'another one'],
  ])('refuses %s', (_name, change, fault) => {
    expect(faults({ ...PRODUCTION, ...change })).toContain(fault);
    expect(faults({ ...GOOD, ...change })).toBe('');
  });

  it('may leave the rate limits to what stands in front of it', () => {
    expect(faults({ ...PRODUCTION, RATE_LIMITS: 'off' })).toBe('');
  });
});

it("README's table has every setting, and no other", () => {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const table = /## Settings\n([^]*?)\n## /.exec(readme)?.[1] ?? '';
  const names = [...table.matchAll(/^\|([^|]*)\|/gm)].flatMap(([, cell = '']) => cell.match(/[A-Z][A-Z_]+/g) ?? []);
  const checked = getMetadataStorage().getTargetValidationMetadatas(Env, '', true, false);
  const settings = checked.map(({ propertyName }) => propertyName);
  const ofTheLauncher = 'DATA_DIR';
  expect(new Set(names)).toEqual(new Set([...settings, ofTheLauncher]));
});
