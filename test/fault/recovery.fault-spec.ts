import { cpSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from 'redis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Database } from '@app/database';
import { createDataSource } from '../../ormconfig.js';
import { Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { RowWatch } from '../support/row-watch.js';
import { Stack } from '../support/stack.js';

let stack: Stack;
let api: Api;
let admin: Shopper;
let database: Database;
let watch: RowWatch;

beforeAll(async () => {
  stack = await Stack.start({ SYNC_HOURLY_CRON: 'off', SYNC_DAILY_CRON: 'off' });
  api = new Api(stack.services().httpUrl);
  admin = await api.admin();
  database = new Database(createDataSource(stack.services().databaseUrl));
  watch = await RowWatch.begin(database);
});
afterAll(async () => {
  await database.onApplicationShutdown();
  expect(await stack.stop()).toBe(0);
});

const diffOf = async (userId: string) => (await admin.get(`/v1/admin/carts/${userId}/diff`)).body;
const inSync = (userId: string) =>
  eventually(async () => expect(await diffOf(userId)).toMatchObject({ inSync: true }), { timeoutMs: 60_000 });

/** A second instance whose clock compares carts all the time, while `work` goes on and once more after it. */
async function withBusyClock(work: () => Promise<void>): Promise<void> {
  const { redisUrl, databaseUrl, rocketmqEndpoints } = stack.services();
  const instance = await AppProcess.start({
    REDIS_URL: redisUrl,
    DATABASE_URL: databaseUrl,
    ROCKETMQ_ENDPOINTS: rocketmqEndpoints,
    SYNC_HOURLY_CRON: '*/2 * * * * *',
    SYNC_DAILY_CRON: '*/3 * * * * *',
  });
  try {
    await work();
    const [{ run_id: last } = { run_id: '0' }] = await database.query<{ run_id: string }>(
      'SELECT run_id FROM sync_run ORDER BY run_id DESC LIMIT 1',
    );
    await eventually(
      async () => {
        const sql =
          "SELECT DISTINCT kind FROM sync_run WHERE run_id > ? AND status = 'succeeded' AND kind <> 'recovery'";
        expect(await database.query(sql, [last])).toEqual(
          expect.arrayContaining([{ kind: 'hourly' }, { kind: 'daily' }]),
        );
      },
      { timeoutMs: 90_000 },
    );
  } finally {
    expect(await instance.stop()).toBe(0);
  }
}

async function flush(): Promise<void> {
  const client = createClient({ url: stack.services().redisUrl });
  await client.connect();
  await client.flushAll();
  client.destroy();
}

it('an emptied Redis in the middle of load: carts are rebuilt, and what was on its way comes back', async () => {
  const skus = await api.skus(...Array.from({ length: 8 }, () => ({})));
  const users = await Promise.all(Array.from({ length: 20 }, () => api.login()));
  const before = await Promise.all(users.map(async (user) => (await user.add(skus[0]!, 5)).body.version as string));
  await Promise.all(users.map((user) => inSync(user.id)));

  await withBusyClock(async () => {
    let isOver = false;
    const load = users.map(async (user, n) => {
      for (let i = 0; !isOver; i++) await user.add(skus[1 + ((n + i) % 7)]!);
    });
    for (let round = 0; round < 3; round++) {
      await eventually(async () => expect((await users[0]!.cart()).badge.quantity).toBeGreaterThan(6 + round));
      await flush();
    }
    isOver = true;
    await Promise.all(load);
  });

  for (const [n, user] of users.entries()) {
    await inSync(user.id);
    const cart = await user.cart();
    // What MySQL had before the loss is in the cart, and no version has gone back.
    expect(cart.items).toContainEqual(expect.objectContaining({ skuId: skus[0], quantity: 5 }));
    expect(BigInt(cart.version)).toBeGreaterThan(BigInt(before[n]!));
    // Nobody has removed anything.
    expect(await watch.of(user.id)).toEqual([]);
  }
});

it('changes that wait for MySQL while Redis is emptied come back to carts that were read too early', async () => {
  const [first, second] = await api.skus({}, {});
  const user = await api.login();
  await user.add(first!);
  await inSync(user.id);
  const mysql = stack.services().pids.mysql;
  process.kill(mysql, 'SIGSTOP');
  try {
    expect((await user.add(second!, 7)).status).toBe(201);
    // With the broker, and not in MySQL: the outbox is empty.
    await eventually(async () => {
      expect((await api.call('GET', '/metrics')).body).toMatch(/^cart_outbox_depth 0$/m);
    });
    await flush();
  } finally {
    process.kill(mysql, 'SIGCONT');
  }
  await eventually(async () => {
    expect((await user.cart()).items).toMatchObject([{ skuId: second, quantity: 7 }, { skuId: first }]);
  });
  await inSync(user.id);
});

interface Loss {
  /** Called while Redis runs; what it returns is done to the data it leaves. */
  prepare: () => () => void;
}

const redisFolder = () => join(stack.dataDir, 'redis');

const OLD_SNAPSHOT: Loss = {
  prepare: () => {
    const snapshot = join(stack.dataDir, 'old-redis');
    cpSync(redisFolder(), snapshot, { recursive: true });
    return () => {
      rmSync(redisFolder(), { recursive: true });
      cpSync(snapshot, redisFolder(), { recursive: true });
    };
  },
};

/** As a disk that was full or a machine that lost its power leaves it: it ends in the middle of a command. */
const TRUNCATED_FILE: Loss = {
  prepare: () => {
    const folder = join(redisFolder(), 'appendonlydir');
    const file = join(
      folder,
      readdirSync(folder).find((name) => name.endsWith('.incr.aof'))!,
    );
    const { size } = statSync(file);
    return () => {
      expect(statSync(file).size).toBeGreaterThan(size + 1_000);
      truncateSync(file, size + 11);
    };
  },
};

it.each([
  ['an old snapshot', OLD_SNAPSHOT],
  ['a truncated append-only file', TRUNCATED_FILE],
])('%s under Redis: what MySQL alone has is restored, what was removed stays removed', async (_, { prepare }) => {
  const [kept, removed, added] = await api.skus({}, {}, {});
  const user = await api.login();
  await user.add(kept!, 2);
  await user.add(removed!, 3);
  await inSync(user.id);
  const harm = prepare();

  await user.patch(`/v1/cart/items/${kept}`, { quantity: 9 });
  await user.delete(`/v1/cart/items/${removed}`);
  const { body: last } = await user.add(added!, 4);
  await inSync(user.id);
  const rows = await watch.rowsOf(user.id);
  await stack.kill('redis', harm);

  await eventually(
    async () => {
      const { items } = await user.cart();
      expect(items.map(({ skuId, quantity }) => [skuId, quantity])).toEqual([
        [added, 4],
        [kept, 9],
      ]);
    },
    { timeoutMs: 60_000 },
  );
  await inSync(user.id);
  // The removal by the shopper is the only one.
  expect(await watch.of(user.id)).toEqual([{ product_sku_id: removed, what: 'removed' }]);
  expect(await watch.rowsOf(user.id)).toEqual(rows);
  const after = await user.add(added!);
  expect(BigInt(after.body.version)).toBeGreaterThan(BigInt(last.version));
});

it('a Redis that lost its folder: every cart is what MySQL has, and no row is touched', async () => {
  const [sku] = await api.skus({});
  const users = await Promise.all(Array.from({ length: 50 }, () => api.login()));
  const carts = await Promise.all(users.map(async (user) => (await user.add(sku!, 3)).body.items));
  await Promise.all(users.map((user) => inSync(user.id)));
  const everybody = users.map((user) => user.id);
  const rows = await watch.rowsOf(...everybody);
  expect(rows).toHaveLength(users.length);
  await withBusyClock(async () => {
    await stack.kill('redis', () => rmSync(join(redisFolder(), 'appendonlydir'), { recursive: true }));
    expect((await admin.post('/v1/admin/sync')).status).toBe(202);
    const rebuilt = await Promise.all(users.map((user) => user.cart()));
    expect(rebuilt.map(({ items }) => items)).toEqual(carts);
  });
  for (const user of users) expect(await diffOf(user.id)).toMatchObject({ inSync: true });
  expect(await watch.rowsOf(...everybody)).toEqual(rows);
});
