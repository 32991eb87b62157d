import { randomInt } from 'node:crypto';
import { Env, readEnv } from '@app/common';

/** The services `npm test` has started for the tests. A missing one fails the run; nothing is skipped. */
export function services(): { redisUrl: string; databaseUrl: string; rocketmqEndpoints: string; topic: string } {
  const { REDIS_URL, DATABASE_URL, ROCKETMQ_ENDPOINTS, ROCKETMQ_TOPIC = 'cart-changed' } = process.env;
  if (!REDIS_URL || !DATABASE_URL || !ROCKETMQ_ENDPOINTS) {
    throw new Error('REDIS_URL, DATABASE_URL and ROCKETMQ_ENDPOINTS are missing: run the tests through npm test');
  }
  return {
    redisUrl: REDIS_URL,
    databaseUrl: DATABASE_URL,
    rocketmqEndpoints: ROCKETMQ_ENDPOINTS,
    topic: ROCKETMQ_TOPIC,
  };
}

/** What the services of the tests sign their messages with, and so do tests that send some. */
export const EVENT_KEYS = 'k1:a-third-secret-of-the-tests-alone';
export const EVENT_SEAL = { keys: [EVENT_KEYS] };

/** Settings for a test on those services; secrets that no other place knows. */
export function testEnv(overrides: Record<string, string> = {}): Env {
  return readEnv(testVariables(overrides));
}

/** The same as environment variables of a child process. */
export function testVariables(overrides: Record<string, string> = {}): NodeJS.ProcessEnv {
  const { redisUrl, databaseUrl, rocketmqEndpoints } = services();
  return {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    NODE_ENV: 'test',
    LOG_LEVEL: 'warn',
    REDIS_URL: redisUrl,
    DATABASE_URL: databaseUrl,
    ROCKETMQ_ENDPOINTS: rocketmqEndpoints,
    // Another broker has the default names alone.
    ...(overrides['ROCKETMQ_ENDPOINTS'] ? {} : topicsOfShard()),
    JWT_SECRET: 'a secret of the tests, known to nobody else',
    GUEST_KEYS: 'k1:another-secret-of-the-tests-known-to-nobody',
    EVENT_KEYS,
    DEV_LOGIN: 'true',
    RATE_LIMITS: 'off',
    // A run of the clock would mend what a test has broken on purpose.
    SYNC_HOURLY_CRON: 'off',
    SYNC_DAILY_CRON: 'off',
    EVICT_CRON: 'off',
    RECOMMENDATIONS_CRON: 'off',
    ...overrides,
  };
}

/** The topics and the group of the servers these tests use, where they are not the default ones. */
function topicsOfShard(): NodeJS.ProcessEnv {
  const names = ['ROCKETMQ_TOPIC', 'ROCKETMQ_GROUP', 'SHOPPER_EVENTS_TOPIC'];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

/** A user nobody else uses: tests share the servers and flush nothing. */
export function freshUserId(): string {
  return String(randomInt(1_000_000_000_000, 2_000_000_000_000));
}

/** A SKU nobody else uses. */
export function freshSkuId(): string {
  return String(randomInt(1_000_000_000_000, 2_000_000_000_000));
}
