import { Global, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Env } from '@app/common';
import { LockService, NoopLockService, RedisConnection, RedisModule, RedlockService } from '@app/redis';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';

describe(RedisModule.name, () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  function newModule(settings: Partial<Env>) {
    const env = Object.assign(new Env(), { REDIS_URL: server.url, NODE_ENV: 'test', ...settings });

    @Global()
    @Module({ providers: [{ provide: Env, useValue: env }], exports: [Env] })
    class TestEnvModule {}

    return Test.createTestingModule({ imports: [TestEnvModule, RedisModule] }).compile();
  }

  it('is connected when the app is initialised, and hangs up when it is closed', async () => {
    const app = await (await newModule({})).init();
    const redis = app.get(RedisConnection);
    expect(redis.status).toBe('ready');
    const locks = app.get(LockService);
    expect(locks).toBeInstanceOf(RedlockService);
    await locks.shared('lock:module', () => redis.ping());
    await app.close();
    expect(redis.status).toBe('closed');
    // The release had been sent before: nobody holds the lock of a process that has stopped.
    const other = new RedisConnection({ url: server.url });
    await other.connect();
    await expect(other.command(['EXISTS', 'lock:module'])).resolves.toBe(0);
    await other.close();
  });

  it('locks on the nodes of LOCK_REDIS_URLS', async () => {
    const node = await RedisServer.forTest();
    const app = await (await newModule({ LOCK_REDIS_URLS: [node.url] })).init();
    const monitor = await node.monitor();
    await app.get(LockService).exclusive('lock:module', async () => undefined);
    await eventually(() => monitor.lines.some((line) => line.includes('"del" "lock:module"')));
    monitor.stop();
    await app.close();
  });

  it('starts and stops while Redis and the lock nodes are silent', async () => {
    const silent = await RedisServer.forTest();
    silent.pause();
    const app = await (await newModule({ REDIS_URL: silent.url, LOCK_REDIS_URLS: [silent.url] })).init();
    expect(app.get(RedisConnection).status).toBe('connecting');
    const work = async () => 'ran';
    await expect(app.get(LockService).shared('lock:module', work)).resolves.toBe('ran');
    await app.close();
    expect(app.get(RedisConnection).status).toBe('closed');
  });

  it('grants every lock when the settings say so', async () => {
    const app = await (await newModule({ LOCK: 'noop' })).init();
    expect(app.get(LockService)).toBeInstanceOf(NoopLockService);
    await app.close();
  });
});
