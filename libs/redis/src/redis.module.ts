import { Global, Module, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { Env } from '@app/common';
import { LockService } from './lock.service.js';
import { NoopLockService } from './noop-lock.service.js';
import { RedisConnection } from './redis.connection.js';
import { RedlockService } from './redlock.service.js';
import { within } from './within.js';

const CLOSE_MS = 1000;

/**
 * The live Redis and the locks. Being global it is initialised first and shut down last, so others may use both in
 * their own hooks. It starts without Redis too.
 */
@Global()
@Module({
  providers: [
    {
      provide: RedisConnection,
      inject: [Env],
      useFactory: (env: Env) => new RedisConnection({ url: env.REDIS_URL, name: 'live' }),
    },
    { provide: LockService, inject: [Env, RedisConnection], useFactory: newLockService },
  ],
  exports: [RedisConnection, LockService],
})
export class RedisModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly connection: RedisConnection,
    private readonly locks: LockService,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.connection.connect();
  }

  async onApplicationShutdown(): Promise<void> {
    await within(this.locks.close(), CLOSE_MS);
    await this.connection.close(CLOSE_MS);
  }
}

async function newLockService(env: Env, live: RedisConnection): Promise<LockService> {
  if (env.LOCK === 'noop') return new NoopLockService();
  const own = env.LOCK_REDIS_URLS.map((url, i) => new RedisConnection({ url, name: `lock-${i + 1}` }));
  await Promise.all(own.map((node) => node.connect()));
  return new RedlockService({
    nodes: own.length > 0 ? own : [live],
    ownsNodes: own.length > 0,
    waitMs: env.LOCK_WAIT_MS,
    leaseMs: env.LOCK_LEASE_MS,
    refuseNesting: env.NODE_ENV !== 'production',
  });
}
