import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { AddressInfo, createServer } from 'node:net';
import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { RedisConnection, RedisConnectionOptions, RedisTimeoutError, RedisUnavailableError, Script } from '@app/redis';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';

const failed = (error: unknown) => error as RedisUnavailableError;

function script(source: string, keyCount: number): Script {
  const sha1 = createHash('sha1').update(source).digest('hex');
  return { name: 'test', keyCount, keyCountText: String(keyCount), source, sha1 };
}

describe(RedisConnection.name, () => {
  let server: RedisServer;
  const open: RedisConnection[] = [];

  function connect(options: Partial<RedisConnectionOptions> = {}): RedisConnection {
    const connection = new RedisConnection({ url: server.url, ...options });
    open.push(connection);
    return connection;
  }

  async function ready(options: Partial<RedisConnectionOptions> = {}): Promise<RedisConnection> {
    const connection = connect(options);
    await connection.connect();
    await eventually(() => connection.status === 'ready');
    return connection;
  }

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((connection) => connection.close(0)));
  });
  afterAll(() => server.stop());

  it('sends a command and returns its reply', async () => {
    const redis = await ready();
    await redis.command(['SET', 'a', 'ü']);
    await expect(redis.command(['GET', 'a'])).resolves.toBe('ü');
    await expect(redis.command(['GET', Buffer.from('a')])).resolves.toBe('ü');
    await redis.ping();
    expect(redis.inFlight).toBe(0);
  });

  it('passes a reply about the command itself as it is', async () => {
    const redis = await ready();
    await redis.command(['SET', 'text', 'x']);
    const error = await redis.command(['LPUSH', 'text', 'y']).catch(failed);
    expect(error).not.toBeInstanceOf(RedisUnavailableError);
    expect((error as Error).message).toMatch(/^WRONGTYPE/);
    await expect(redis.command(['SET', 'n', 1 as unknown as string])).rejects.toThrow(TypeError);
    await redis.ping();
  });

  it('starts while Redis is away, refuses at once, and connects when it comes', async () => {
    const late = await RedisServer.forTest();
    await late.kill();
    const redis = connect({ url: late.url });
    await redis.connect(1);
    const error = await redis.command(['PING']).catch(failed);
    expect(error).toBeInstanceOf(RedisUnavailableError);
    expect(error).not.toBeInstanceOf(RedisTimeoutError);
    expect((error as RedisUnavailableError).outcome).toBe('not-sent');
    await late.restart();
    await eventually(() => redis.ping());
    expect(redis.status).toBe('ready');
  });

  it('does not know the outcome of what was in flight when the connection was lost', async () => {
    const broken = await RedisServer.forTest();
    const redis = await ready({ url: broken.url });
    broken.pause();
    const lost = redis.command(['INCR', 'n']).catch(failed);
    await broken.kill();
    const error = await lost;
    expect(error).toBeInstanceOf(RedisUnavailableError);
    expect((error as RedisUnavailableError).outcome).toBe('unknown');
    await broken.restart();
    await eventually(() => redis.ping());
  });

  it('rejects a command without a reply, and heals when the server goes on', async () => {
    const redis = await ready({ deadlineMs: 200 });
    const clientId = await redis.command<number>(['CLIENT', 'ID']);
    server.pause();
    try {
      const error = await redis.command(['INCR', 'stalled']).catch(failed);
      expect(error).toBeInstanceOf(RedisTimeoutError);
      expect((error as RedisTimeoutError).outcome).toBe('unknown');
      // The kernel accepts the new connection, but without a reply to the handshake nothing is sent on it.
      expect((await redis.command(['PING']).catch(failed)) as RedisUnavailableError).toMatchObject({
        outcome: 'not-sent',
      });
    } finally {
      server.resume();
    }
    await eventually(() => redis.ping());
    expect(await redis.command<number>(['CLIENT', 'ID'])).not.toBe(clientId);
    expect(redis.inFlight).toBe(0);
  });

  it('gives up a handshake that nobody answers, and tries again', async () => {
    const redis = await ready({ deadlineMs: 100 });
    const other = await ready();
    server.pause();
    try {
      const first = redis.client;
      await redis.command(['PING']).catch(failed);
      const second = redis.client;
      expect(second).not.toBe(first);
      await eventually(() => redis.client !== second);
    } finally {
      server.resume();
    }
    await eventually(() => redis.ping());
    await eventually(() => other.ping());
  });

  it('does not take a stall of this process for one of Redis', async () => {
    const redis = await ready({ deadlineMs: 100 });
    const reply = redis.command(['PING']);
    await new Promise((resolve) => setImmediate(resolve)); // it is written
    const until = performance.now() + 1_000;
    while (performance.now() < until);
    await expect(reply).resolves.toBe('PONG');
  });

  it('waits for ever on a connection without a deadline', async () => {
    const redis = await ready({ deadlineMs: 50 });
    const blocking = redis.duplicate({ deadlineMs: 0, name: 'blocking' });
    open.push(blocking);
    await eventually(() => blocking.ping());
    const popped = blocking.command<[string, string]>(['BLPOP', 'queue', '10']);
    await expect(redis.command(['BLPOP', 'queue', '10'])).rejects.toBeInstanceOf(RedisTimeoutError);
    await eventually(() => redis.command(['RPUSH', 'queue', 'x']));
    await expect(popped).resolves.toEqual(['queue', 'x']);
  });

  it('refuses what exceeds its bound', async () => {
    const redis = await ready({ maxInFlight: 2 });
    const two = [redis.ping(), redis.ping()];
    await expect(redis.command(['PING'])).rejects.toMatchObject({ outcome: 'not-sent' });
    await expect(redis.run(script('return 1', 0), [], [])).rejects.toMatchObject({ outcome: 'not-sent' });
    await Promise.all(two);
    await redis.ping();
  });

  it('takes the refusals of a server that cannot write for an outage', async () => {
    const redis = await ready();
    await redis.command(['CONFIG', 'SET', 'maxmemory', '1']);
    const write = script(`return redis.call('SET', KEYS[1], 'x')`, 1);
    await expect(redis.run(write, ['full'], [])).rejects.toMatchObject({ outcome: 'not-sent' });
    await redis.command(['CONFIG', 'SET', 'maxmemory', '0']);
    await expect(redis.run(write, ['full'], [])).resolves.toBe('OK');
  });

  it('leaves a server that became read-only for a new connection', async () => {
    const redis = await ready();
    const clientId = await redis.command<number>(['CLIENT', 'ID']);
    await redis.command(['REPLICAOF', '127.0.0.1', '1']);
    await expect(redis.command(['SET', 'a', 'b'])).rejects.toMatchObject({ outcome: 'not-sent' });
    await eventually(async () => (await redis.command<number>(['CLIENT', 'ID'])) !== clientId);
    await redis.command(['REPLICAOF', 'NO', 'ONE']);
    await redis.command(['SET', 'a', 'b']);
  });

  it('runs a script, and sends its text when the server forgot it', async () => {
    const redis = await ready();
    const add = script(`return redis.call('INCRBY', KEYS[1], ARGV[1])`, 1);
    await expect(redis.run(add, ['n1'], ['2'])).resolves.toBe(2);
    await redis.command(['SCRIPT', 'FLUSH']);
    await expect(redis.run(add, ['n1'], [Buffer.from('3')])).resolves.toBe(5);
    await expect(redis.run(add, [], ['2'])).rejects.toThrow('test takes 1 keys, not 0');
    await expect(redis.run(add, ['n1'], ['x'])).rejects.toThrow(/^ERR value is not an integer/);
  });

  it('applies each call once while the scripts are flushed in a loop', async () => {
    const redis = await ready();
    const add = script(`return redis.call('INCR', KEYS[1])`, 1);
    const flusher = await ready();
    let isDone = false;
    let flushes = 0;
    const flushing = (async () => {
      while (!isDone) {
        await flusher.command(['SCRIPT', 'FLUSH']);
        flushes += 1;
      }
    })();
    const caller = async () => {
      for (let i = 0; i < 100; i += 1) await redis.run(add, ['n2'], []);
    };
    await Promise.all(Array.from({ length: 20 }, caller));
    isDone = true;
    await flushing;
    expect(flushes).toBeGreaterThan(10);
    await expect(redis.command(['GET', 'n2'])).resolves.toBe('2000');
    expect(redis.inFlight).toBe(0); // or the deadline would see a command that is never answered
  });

  it('speaks once of an outage, not at each attempt', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn');
    let attempts = 0;
    const refuser = createServer((socket) => {
      attempts += 1;
      socket.destroy();
    });
    refuser.listen(0, '127.0.0.1');
    await once(refuser, 'listening');
    const redis = connect({ url: `redis://127.0.0.1:${(refuser.address() as AddressInfo).port}`, name: 'refused' });
    await redis.connect(1);
    await eventually(() => attempts >= 4);
    expect(warn.mock.calls.filter(([line]) => String(line).includes('refused'))).toHaveLength(1);
    refuser.close();
  });

  it('tells its listeners of each new connection', async () => {
    const redis = connect();
    let times = 0;
    redis.onReady(() => (times += 1));
    await redis.connect();
    expect(times).toBe(1);
    await (await ready()).command(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
    await eventually(() => times === 2);
    await redis.ping();
  });

  it('closes after the replies under way, and refuses afterwards', async () => {
    const redis = await ready();
    const last = redis.command(['INCR', 'closing']);
    await redis.close();
    await expect(last).resolves.toBe(1);
    expect(redis.status).toBe('closed');
    await expect(redis.ping()).rejects.toMatchObject({ outcome: 'not-sent' });
    await redis.connect();
    expect(redis.status).toBe('closed');
  });

  it('does not wait for a silent server when it closes', async () => {
    const redis = await ready({ deadlineMs: 0 });
    const blocked = redis.command(['BLPOP', 'never', '0']).catch(failed);
    await redis.close(50);
    expect(await blocked).toBeInstanceOf(RedisUnavailableError);
  });
});
