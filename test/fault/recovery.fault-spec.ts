import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from 'redis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Api, Shopper } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { Stack } from '../support/stack.js';

let stack: Stack;
let api: Api;
let admin: Shopper;

beforeAll(async () => {
  stack = await Stack.start();
  api = new Api(stack.services().httpUrl);
  admin = await api.admin();
});
afterAll(async () => {
  expect(await stack.stop()).toBe(0);
});

const diffOf = async (userId: string) => (await admin.get(`/v1/admin/carts/${userId}/diff`)).body;
const inSync = (userId: string) =>
  eventually(async () => expect(await diffOf(userId)).toMatchObject({ inSync: true }), { timeoutMs: 60_000 });

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

  for (const [n, user] of users.entries()) {
    await inSync(user.id);
    const cart = await user.cart();
    // What MySQL had before the loss is in the cart, and no version has gone back.
    expect(cart.items).toContainEqual(expect.objectContaining({ skuId: skus[0], quantity: 5 }));
    expect(BigInt(cart.version)).toBeGreaterThan(BigInt(before[n]!));
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

it('an old snapshot under Redis: what MySQL alone has is restored, what was removed stays removed', async () => {
  const [kept, removed, added] = await api.skus({}, {}, {});
  const user = await api.login();
  await user.add(kept!, 2);
  await user.add(removed!, 3);
  await inSync(user.id);
  const data = join(stack.dataDir, 'redis');
  const snapshot = join(stack.dataDir, 'old-redis');
  cpSync(data, snapshot, { recursive: true });

  await user.patch(`/v1/cart/items/${kept}`, { quantity: 9 });
  await user.delete(`/v1/cart/items/${removed}`);
  const { body: last } = await user.add(added!, 4);
  await inSync(user.id);
  await stack.kill('redis', () => {
    rmSync(data, { recursive: true });
    cpSync(snapshot, data, { recursive: true });
  });

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
  const after = await user.add(added!);
  expect(BigInt(after.body.version)).toBeGreaterThan(BigInt(last.version));
});

it('a Redis that lost its folder: every cart is what MySQL has, and no row is touched', async () => {
  const [sku] = await api.skus({});
  const users = await Promise.all(Array.from({ length: 50 }, () => api.login()));
  const carts = await Promise.all(users.map(async (user) => (await user.add(sku!, 3)).body.items));
  await Promise.all(users.map((user) => inSync(user.id)));
  await stack.kill('redis', () => rmSync(join(stack.dataDir, 'redis', 'appendonlydir'), { recursive: true }));
  expect((await admin.post('/v1/admin/sync')).status).toBe(202);
  const rebuilt = await Promise.all(users.map((user) => user.cart()));
  expect(rebuilt.map(({ items }) => items)).toEqual(carts);
  for (const user of users) expect(await diffOf(user.id)).toMatchObject({ inSync: true });
});
