import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  LockBusyError,
  LockService,
  NestedLockError,
  NoopLockService,
  RedisConnection,
  RedlockService,
} from '@app/redis';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';

const open: (() => Promise<void>)[] = [];
let server: RedisServer;
let names = 0;

beforeAll(async () => {
  server = await RedisServer.start();
});
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});
afterAll(() => server.stop());

function newName(): string {
  return `lock:test:${(names += 1)}`;
}

/** What one process has: its own connections and its own queues. */
async function newProcess(
  options: { urls?: string[]; waitMs?: number; leaseMs?: number; deadlineMs?: number; ownsNodes?: boolean } = {},
) {
  const { urls = [server.url], waitMs = 3000, leaseMs = 5000, deadlineMs = 5000, ownsNodes = true } = options;
  const nodes = urls.map((url) => new RedisConnection({ url, deadlineMs }));
  await Promise.all(nodes.map((node) => node.connect(10_000)));
  const locks = new RedlockService({ nodes, ownsNodes, waitMs, leaseMs, refuseNesting: true });
  open.push(() => locks.close());
  if (!ownsNodes) open.push(...nodes.map((node) => () => node.close()));
  return { locks, nodes, redis: nodes[0] as RedisConnection };
}

/** A promise to be ended by hand. */
function gate(): { opened: Promise<void>; open: () => void } {
  let openIt!: () => void;
  const opened = new Promise<void>((resolve) => (openIt = resolve));
  return { opened, open: openIt };
}

/** Work that notes how many run at once. */
function meter() {
  let running = 0;
  const seen = { most: 0, times: 0 };
  const work = async (): Promise<void> => {
    running += 1;
    seen.most = Math.max(seen.most, running);
    seen.times += 1;
    await delay(1);
    running -= 1;
  };
  return { seen, work };
}

describe(RedlockService.name, () => {
  it('returns what the work returns and throws what it throws', async () => {
    const { locks } = await newProcess();
    const name = newName();
    await expect(locks.shared(name, async () => 'value')).resolves.toBe('value');
    await expect(locks.exclusive(name, async () => 7)).resolves.toBe(7);
    await expect(locks.tryExclusive(name, async () => 8)).resolves.toEqual({ ran: true, value: 8 });
    const broken = () => Promise.reject(new Error('broken'));
    await expect(locks.shared(name, broken)).rejects.toThrow('broken');
    await expect(locks.exclusive(name, broken)).rejects.toThrow('broken');
    await expect(locks.tryExclusive(name, broken)).rejects.toThrow('broken');
    const broke = () => {
      throw new Error('broke');
    };
    await expect(locks.shared(name, broke)).rejects.toThrow('broke');
    await expect(locks.exclusive(name, async () => 'free')).resolves.toBe('free');
    expect(locks.counters).toMatchObject({ busy: 0, unreachable: 0, lateRelease: 0, lostRelease: 0 });
  });

  it.each(['shared', 'exclusive'] as const)('acquires and releases once per sequential %s call', async (kind) => {
    const { locks, redis } = await newProcess();
    const name = newName();
    const monitor = await server.monitor();
    for (let i = 0; i < 5; i += 1) {
      await locks[kind](name, async () => {
        await redis.command(['ECHO', `work ${i}`]);
      });
    }
    await redis.command(['ECHO', 'end']); // behind the last release on the same connection
    await eventually(() => monitor.lines.some((line) => line.includes('"ECHO" "end"')));
    monitor.stop();
    const events = monitor.lines.map((line) => {
      if (line.includes(name)) return /"(set|del)" /i.exec(line)?.[1]?.toLowerCase();
      return /"ECHO" "(work \d)"/.exec(line)?.[1];
    });
    const expected = [0, 1, 2, 3, 4].flatMap((i) => ['set', `work ${i}`, 'del']);
    expect(events.filter(Boolean)).toEqual(expected);
    expect(locks.counters).toMatchObject({ acquired: 5, joined: 0 });
  });

  it('excludes another process, which gets its turn as soon as the lock is free', async () => {
    const [a, b] = [await newProcess(), await newProcess()];
    const name = newName();
    const { seen, work } = meter();
    const loop = async (locks: LockService) => {
      for (let i = 0; i < 20; i += 1) await locks.exclusive(name, work);
    };
    await Promise.all([loop(a.locks), loop(b.locks), loop(b.locks)]);
    expect(seen).toEqual({ most: 1, times: 60 });
  });

  it('waits for a key that somebody else holds on the node', async () => {
    const { locks, redis } = await newProcess();
    const name = newName();
    await redis.command(['SET', name, 'somebody', 'PX', '10000']);
    let ran = false;
    const waiting = locks.shared(name, async () => (ran = true));
    await eventually(async () => (await redis.command(['EXISTS', `${name}:wanted`])) === 1);
    expect(ran).toBe(false);
    await redis.command(['DEL', name]);
    await waiting;
    expect(ran).toBe(true);
  });

  it('gives up when the wait has run out, and leaves the holder alone', async () => {
    const { locks, redis } = await newProcess({ waitMs: 100 });
    const name = newName();
    await redis.command(['SET', name, 'somebody', 'PX', '60000']);
    const work = () => Promise.reject(new Error('must not run'));
    const error = await locks.shared(name, work).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(LockBusyError);
    expect((error as LockBusyError).retryAfter).toBe(1);
    await expect(locks.exclusive(name, work, { waitMs: 1 })).rejects.toBeInstanceOf(LockBusyError);
    await expect(locks.tryExclusive(name, work)).resolves.toEqual({ ran: false });
    await expect(redis.command(['GET', name])).resolves.toBe('somebody');
    expect(locks.counters).toMatchObject({ acquired: 0, busy: 2, unreachable: 0 });
  });

  it('shares one grant between concurrent callers of a process, and excludes the other process meanwhile', async () => {
    const [a, b] = [await newProcess(), await newProcess()];
    const name = newName();
    const inside = { a: 0, b: 0 };
    let met = 0;
    const work = (me: 'a' | 'b', other: 'a' | 'b') => async () => {
      inside[me] += 1;
      await delay(1);
      met += inside[other];
      inside[me] -= 1;
    };
    const calls = Array.from({ length: 200 }, () => [
      a.locks.shared(name, work('a', 'b')),
      b.locks.shared(name, work('b', 'a')),
    ]);
    await Promise.all(calls.flat());
    expect(met).toBe(0);
    for (const { counters } of [a.locks, b.locks]) {
      expect(counters.acquired).toBeLessThanOrEqual(5);
      expect(counters.acquired + counters.joined).toBe(200);
    }
  });

  it('lets no more in under one grant than its bound', async () => {
    const { locks } = await newProcess();
    const { seen, work } = meter();
    const name = newName();
    await Promise.all(Array.from({ length: 1000 }, () => locks.shared(name, work)));
    expect(seen.times).toBe(1000);
    expect(seen.most).toBeLessThanOrEqual(256);
    expect(locks.counters.acquired).toBeGreaterThanOrEqual(4);
  });

  it.each(['shared', 'exclusive'] as const)(
    'does not starve a process beside one that never pauses (%s)',
    async (kind) => {
      const [greedy, modest] = [await newProcess(), await newProcess()];
      const name = newName();
      let isDone = false;
      const hog = async () => {
        while (!isDone) await greedy.locks[kind](name, () => greedy.redis.ping());
      };
      const hogs = Promise.all(Array.from({ length: 10 }, hog));
      await eventually(() => greedy.locks.counters.acquired > 0);
      for (let i = 0; i < 10; i += 1) await modest.locks[kind](name, () => modest.redis.ping());
      isDone = true;
      await hogs;
      expect(modest.locks.counters).toMatchObject({ acquired: 10, busy: 0 });
      expect(greedy.locks.counters.busy).toBe(0);
    },
  );

  it('closes a grant that slow callers keep joining', async () => {
    const [greedy, modest] = [await newProcess(), await newProcess()];
    const name = newName();
    let isDone = false;
    const hog = async (ms: number) => {
      while (!isDone) await greedy.locks.shared(name, () => delay(ms));
    };
    const hogs = Promise.all([200, 230, 260].map(hog)); // one is always inside; 256 of them take twenty seconds
    await eventually(() => greedy.locks.counters.joined > 0);
    for (let i = 0; i < 3; i += 1) await modest.locks.shared(name, async () => undefined);
    isDone = true;
    await hogs;
  });

  it('queues exclusive callers of one process without asking the node for each', async () => {
    const { locks } = await newProcess();
    const { seen, work } = meter();
    const name = newName();
    const first = gate();
    const held = locks.exclusive(name, () => first.opened);
    const rest = Array.from({ length: 20 }, () => locks.exclusive(name, work));
    await expect(locks.tryExclusive(name, work)).resolves.toEqual({ ran: false });
    first.open();
    await Promise.all([held, ...rest]);
    expect(seen).toEqual({ most: 1, times: 20 });
  });

  it('refuses a caller over the bound of the queue, and one that waits too long in it', async () => {
    const { locks } = await newProcess({ waitMs: 100 });
    const name = newName();
    const first = gate();
    const held = locks.exclusive(name, () => first.opened);
    const work = () => Promise.reject(new Error('must not run'));
    const queued = Array.from({ length: 99 }, () => locks.exclusive(name, work).catch((error: unknown) => error));
    await expect(locks.exclusive(name, work, { waitMs: 60_000 })).rejects.toBeInstanceOf(LockBusyError);
    for (const error of await Promise.all(queued)) expect(error).toBeInstanceOf(LockBusyError);
    first.open();
    await held;
    await expect(locks.exclusive(name, async () => 'free')).resolves.toBe('free');
    expect(locks.counters.busy).toBe(100);
  });

  it('runs on one of several processes when nobody waits', async () => {
    const processes = await Promise.all([newProcess(), newProcess(), newProcess()]);
    const name = newName();
    const all = gate();
    let [ran, refused] = [0, 0];
    const tries = processes.map(async ({ locks }) => {
      const result = await locks.tryExclusive(name, () => all.opened);
      if (result.ran) ran += 1;
      else refused += 1;
    });
    await eventually(() => refused === 2);
    all.open();
    await Promise.all(tries);
    expect(ran).toBe(1);
  });

  it('throws when a lock is asked for while one is held, not in what the work leaves running', async () => {
    const { locks } = await newProcess();
    const [outer, inner] = [newName(), newName()];
    const nested = locks.shared(outer, () => locks.exclusive(inner, async () => undefined));
    await expect(nested).rejects.toBeInstanceOf(NestedLockError);
    const later = gate();
    let background!: Promise<string>;
    await locks.shared(outer, async () => {
      background = later.opened.then(() => locks.exclusive(inner, async () => 'ran'));
    });
    later.open();
    await expect(background).resolves.toBe('ran');
  });

  it('ignores a release that comes late, without delay', async () => {
    const { locks, redis } = await newProcess();
    const name = newName();
    const result = await locks.exclusive(name, async () => {
      await redis.command(['SET', name, 'the next holder', 'PX', '60000']); // as if the lease had run out
      return 'done';
    });
    expect(result).toBe('done');
    await eventually(() => locks.counters.lateRelease === 1);
    await expect(redis.command(['GET', name])).resolves.toBe('the next holder');
  });

  it('does not count the waiting into the lease: a grant after a wait is whole', async () => {
    const { locks, redis } = await newProcess({ waitMs: 10_000 });
    const name = newName();
    await redis.command(['SET', name, 'somebody', 'PX', '2000']);
    const left = await locks.exclusive(name, () => redis.command<number>(['PTTL', name]), { leaseMs: 1500 });
    expect(left).toBeGreaterThan(500);
  });

  it('gives a grant back that has run out when it comes', async () => {
    const { locks, redis } = await newProcess();
    const name = newName();
    void redis.command(['DEBUG', 'SLEEP', '1.5']);
    const left = await locks.exclusive(name, () => redis.command<number>(['PTTL', name]), { leaseMs: 1000 });
    expect(left).toBeGreaterThan(0);
    expect(locks.counters).toMatchObject({ expiredGrant: 1, acquired: 1 });
  });

  it('survives SCRIPT FLUSH at any moment', async () => {
    const [a, b] = [await newProcess(), await newProcess()];
    const { seen, work } = meter();
    const name = newName();
    let isDone = false;
    const flushing = (async () => {
      while (!isDone) {
        await b.redis.command(['SCRIPT', 'FLUSH']);
        await delay(1);
      }
    })();
    for (let i = 0; i < 50; i += 1) await a.locks.exclusive(name, work);
    isDone = true;
    await flushing;
    expect(seen).toEqual({ most: 1, times: 50 });
    expect(a.locks.counters).toMatchObject({ acquired: 50, unreachable: 0 });
  });
});

/** A script that takes the lock in its own step, as the one of an add does, and notes under which token. */
const STEP = `if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) and redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 'LOCKED'
end
redis.call('RPUSH', KEYS[1] .. ':done', ARGV[1])
return 'OK'`;

describe('a lock that a script takes', () => {
  /** A process whose lock node is its live Redis. */
  async function newLive(options: Parameters<typeof newProcess>[0] = {}) {
    const live = await newProcess({ ...options, ownsNodes: false });
    const run = (name: string) =>
      live.locks.guarded(name, async (step) => {
        if (!step) throw new Error('nothing to take');
        const code = await live.redis.command<string>(['EVAL', STEP, '1', name, step.token, String(step.leaseMs)]);
        return code === 'LOCKED' ? { code } : { code: 'OK' as const };
      });
    const done = (name: string) => live.redis.command<string[]>(['LRANGE', `${name}:done`, '0', '-1']);
    return { ...live, run, done };
  }

  it('takes and gives back once per sequential call, in the script and one command', async () => {
    const { locks, redis, run, done } = await newLive();
    // A release whose script the server does not know yet is sent twice, and may come behind the next request.
    const warm = newName();
    await run(warm);
    await eventually(async () => expect(await redis.command(['EXISTS', warm])).toBe(0));
    await locks.exclusive(warm, () => delay(0));
    await eventually(async () => expect(await redis.command(['EXISTS', warm])).toBe(0));
    const name = newName();
    const monitor = await server.monitor();
    for (let i = 0; i < 5; i += 1) expect(await run(name)).toEqual({ code: 'OK' });
    await eventually(async () => expect(await redis.command(['EXISTS', name])).toBe(0));
    await redis.command(['ECHO', 'end']);
    await eventually(() => monitor.lines.some((line) => line.includes('"ECHO" "end"')));
    monitor.stop();
    const lines = monitor.lines.filter((line) => line.toLowerCase().includes(`" "${name}"`));
    const events = lines.map((line) => /"(set|del)" /i.exec(line)?.[1]?.toLowerCase());
    // After 50 ms without a gap redlock asks for the lock first, and the script finds it held.
    expect(events.filter(Boolean).join(' ')).toMatch(/^(set (set )?del ?){5}$/);
    expect(new Set(await done(name)).size).toBe(5);
    expect(locks.counters).toMatchObject({ acquired: 7, joined: 0, busy: 0, lateRelease: 0, lostRelease: 0 });
  });

  it('gives the locks of one turn of the event loop back in one command', async () => {
    const { redis, run } = await newLive();
    const names = Array.from({ length: 50 }, newName);
    const monitor = await server.monitor();
    await Promise.all(names.map(run));
    await eventually(async () => expect(await redis.command(['EXISTS', ...names])).toBe(0));
    monitor.stop();
    const releases = monitor.lines.filter((line) => /"EVAL(SHA)?" /.test(line) && !line.includes(':done'));
    expect(releases.length).toBeLessThanOrEqual(10);
  });

  it('shares one token between concurrent callers of a process, and excludes the other process', async () => {
    const [a, b] = [await newLive(), await newLive()];
    const name = newName();
    const calls = Array.from({ length: 100 }, () => [a.run(name), b.run(name)]);
    for (const answer of await Promise.all(calls.flat())) expect(answer).toEqual({ code: 'OK' });
    const tokens = await a.done(name);
    expect(tokens).toHaveLength(200);
    // Where the token changes the lock went round: no other's script ran in between.
    const rounds = tokens.filter((token, i) => token !== tokens[i - 1]);
    expect(new Set(rounds).size).toBe(rounds.length);
    await eventually(async () => expect(await a.redis.command(['EXISTS', name])).toBe(0));
  });

  it('waits while somebody else holds the lock, then goes on under one of redlock', async () => {
    const { locks, redis, run } = await newLive();
    const name = newName();
    await redis.command(['SET', name, 'somebody', 'PX', '10000']);
    let isDone = false;
    const waiting = Promise.all([run(name), run(name), run(name)]).finally(() => (isDone = true));
    await eventually(async () => (await redis.command(['EXISTS', `${name}:wanted`])) === 1);
    expect(isDone).toBe(false);
    await redis.command(['DEL', name]);
    expect(await waiting).toEqual([{ code: 'OK' }, { code: 'OK' }, { code: 'OK' }]);
    expect(locks.counters).toMatchObject({ acquired: 1, busy: 0 });
    expect(await run(name)).toEqual({ code: 'OK' });
    await eventually(async () => expect(await redis.command(['EXISTS', name])).toBe(0));
  });

  it('gives up when the wait has run out, changes nothing, and leaves the holder alone', async () => {
    const { locks, redis, run, done } = await newLive({ waitMs: 100 });
    const name = newName();
    await redis.command(['SET', name, 'somebody', 'PX', '60000']);
    await expect(run(name)).rejects.toBeInstanceOf(LockBusyError);
    expect(await redis.command(['GET', name])).toBe('somebody');
    expect(await done(name)).toEqual([]);
    expect(locks.counters).toMatchObject({ acquired: 0, busy: 1 });
  });

  it('does not starve a process beside one that never pauses', async () => {
    const [greedy, modest] = [await newLive(), await newLive()];
    const name = newName();
    let isDone = false;
    const hog = async () => {
      while (!isDone) await greedy.run(name);
    };
    const hogs = Promise.all(Array.from({ length: 10 }, hog));
    await eventually(() => greedy.locks.counters.acquired > 0);
    for (let i = 0; i < 10; i += 1) await modest.run(name);
    isDone = true;
    await hogs;
    expect(modest.locks.counters.busy + greedy.locks.counters.busy).toBe(0);
  });

  it('gives back what a script took before it failed, and what was owed while the node was away', async () => {
    const node = await RedisServer.forTest(['--appendonly', 'yes', '--appendfsync', 'always']);
    const { locks, redis } = await newLive({ urls: [node.url], leaseMs: 60_000 });
    const name = newName();
    const failing = locks.guarded(name, async (step) => {
      await redis.command(['SET', name, step!.token, 'PX', '60000']);
      throw new Error('failed afterwards');
    });
    await expect(failing).rejects.toThrow('failed afterwards');
    await eventually(async () => expect(await redis.command(['EXISTS', name])).toBe(0));
    await locks.guarded(name, async (step) => {
      await redis.command(['SET', name, step!.token, 'PX', '60000']);
      await node.kill();
      await eventually(() => redis.status === 'connecting');
      return { code: 'OK' };
    });
    await eventually(() => locks.counters.lostRelease === 1);
    await node.restart();
    await eventually(async () => expect(await redis.command(['EXISTS', name])).toBe(0));
  });

  it('counts a release that comes late, and leaves the next holder alone', async () => {
    const { locks, redis } = await newLive();
    const name = newName();
    await locks.guarded(name, async () => {
      await redis.command(['SET', name, 'the next holder', 'PX', '60000']);
      return { code: 'OK' };
    });
    await eventually(() => locks.counters.lateRelease === 1);
    expect(await redis.command(['GET', name])).toBe('the next holder');
  });

  it('takes nothing where the lock has nodes of its own: redlock holds it meanwhile', async () => {
    const { locks, redis } = await newProcess();
    const name = newName();
    const answer = await locks.guarded(name, async (step) => {
      expect(step).toBeUndefined();
      expect(await redis.command(['EXISTS', name])).toBe(1);
      return { code: 'OK' };
    });
    expect(answer).toEqual({ code: 'OK' });
    expect(locks.counters.acquired).toBe(1);
  });
});

describe('lock nodes that fail', () => {
  it('goes on without the lock while the node is down, counts it, and locks again when it is back', async () => {
    const node = await RedisServer.forTest();
    const { locks, redis } = await newProcess({ urls: [node.url] });
    const name = newName();
    await node.kill();
    await eventually(() => redis.status === 'connecting');
    await expect(locks.shared(name, async () => 'ran')).resolves.toBe('ran');
    await expect(locks.exclusive(name, async () => 'ran')).resolves.toBe('ran');
    await expect(locks.tryExclusive(name, async () => 'ran')).resolves.toEqual({ ran: true, value: 'ran' });
    expect(locks.counters).toMatchObject({ acquired: 0, unreachable: 3, busy: 0 });
    await node.restart();
    await eventually(() => redis.ping());
    await locks.shared(name, async () => undefined);
    expect(locks.counters).toMatchObject({ acquired: 1, unreachable: 3 });
  });

  it('heals after a stop of the node, and leaves no lock behind that nobody holds', async () => {
    const node = await RedisServer.forTest();
    const { locks, redis } = await newProcess({ urls: [node.url], leaseMs: 60_000, deadlineMs: 1000 });
    const asked = Array.from({ length: 20 }, newName);
    await locks.shared(newName(), async () => undefined); // the scripts are known
    node.pause();
    await Promise.all(asked.map((name) => locks.shared(name, async () => undefined)));
    expect(locks.counters).toMatchObject({ acquired: 1, unreachable: 20 });
    node.resume();
    await eventually(() => redis.ping());
    // The node may have granted what it read late.
    await eventually(async () => (await redis.command(['EXISTS', ...asked])) === 0);
    await Promise.all(asked.map((name) => locks.shared(name, async () => undefined)));
    expect(locks.counters).toMatchObject({ acquired: 21, busy: 0 });
  });

  it('releases at the next connection what it could not release', async () => {
    const node = await RedisServer.forTest(['--appendonly', 'yes', '--appendfsync', 'always']);
    const { locks, redis } = await newProcess({ urls: [node.url], leaseMs: 60_000 });
    const name = newName();
    await locks.exclusive(name, async () => {
      await node.kill();
      await eventually(() => redis.status === 'connecting');
    });
    await eventually(() => locks.counters.lostRelease === 1);
    await node.restart();
    await eventually(async () => (await redis.command(['EXISTS', name])) === 0);
  });

  it('works with one of three nodes dead, not with two', async () => {
    const nodes = [await RedisServer.forTest(), await RedisServer.forTest(), await RedisServer.forTest()];
    const urls = nodes.map((node) => node.url);
    const [a, b] = [await newProcess({ urls }), await newProcess({ urls })];
    const name = newName();
    const { seen, work } = meter();
    const all = () => Promise.all([a, b, a, b, a, b].map(({ locks }) => locks.exclusive(name, work)));
    await nodes[0]?.kill();
    await all();
    expect(seen).toEqual({ most: 1, times: 6 });
    expect(a.locks.counters).toMatchObject({ acquired: 3, unreachable: 0 });
    await nodes[1]?.kill();
    await all();
    expect(seen.times).toBe(12);
    expect(a.locks.counters).toMatchObject({ acquired: 3, unreachable: 3 });
  });

  it('answers with an even number of nodes and a draw', async () => {
    const nodes = [await RedisServer.forTest(), await RedisServer.forTest()];
    const { locks, redis } = await newProcess({ urls: nodes.map((node) => node.url), waitMs: 100 });
    const name = newName();
    await locks.exclusive(name, async () => undefined);
    await redis.command(['SET', name, 'somebody', 'PX', '60000']);
    await expect(locks.exclusive(name, async () => 'ran')).rejects.toBeInstanceOf(LockBusyError);
    await nodes[0]?.kill();
    await expect(locks.exclusive(name, async () => 'ran')).resolves.toBe('ran');
    expect(locks.counters).toMatchObject({ acquired: 1, busy: 1, unreachable: 1 });
  });

  it('closes within its bound although a release is never answered', async () => {
    const node = await RedisServer.forTest();
    const { locks } = await newProcess({ urls: [node.url], deadlineMs: 1000 });
    await locks.exclusive(newName(), async () => node.pause());
    await locks.close();
    expect(locks.counters.lostRelease).toBe(1);
  });
});

describe(NoopLockService.name, () => {
  it('grants every lock at once', async () => {
    const locks = new NoopLockService();
    const nested = locks.exclusive('a', () => locks.exclusive('a', () => locks.shared('a', async () => 'in')));
    await expect(nested).resolves.toBe('in');
    await expect(locks.tryExclusive('a', async () => 1)).resolves.toEqual({ ran: true, value: 1 });
    await locks.close();
    expect(locks.counters.acquired).toBe(4);
  });
});
