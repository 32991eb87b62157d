import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '@app/database';
import { createDataSource } from '../../ormconfig.js';
import { Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { OwnDatabase } from '../support/own-database.js';
import { RedisServer } from '../support/redis-server.js';

let own: OwnDatabase;
let redis: RedisServer;
let database: Database;
let settings: Record<string, string>;
let healthy: AppProcess;
let api: Api;
let admin: Shopper;

/** Servers of their own: no other process sweeps these merges. */
beforeAll(async () => {
  own = await OwnDatabase.create();
  redis = await RedisServer.start();
  database = new Database(createDataSource(own.url));
  settings = {
    ...{ DATABASE_URL: own.url, REDIS_URL: redis.url, TRANSPORT: 'in-process' },
    ...{ UNFINISHED_AFTER_MS: '2000', EVENT_LATE_MS: '3000' },
  };
  healthy = await AppProcess.start(settings);
  api = new Api(healthy.url);
  admin = await api.admin();
});
afterAll(async () => {
  expect(await healthy.stop()).toBe(0);
  await database.onApplicationShutdown();
  await redis.stop();
  await own.drop();
});

interface Login {
  user: Shopper;
  guest: Shopper;
  skus: [shared: string, theirs: string];
}

/** A user with 2 of a SKU, a guest with 3 of it and 4 of another, and a process that dies in their merge. */
async function loginThatDies(crashAt: string): Promise<Login> {
  const doomed = await AppProcess.start({ ...settings, CRASH_AT: crashAt });
  try {
    const [shared, theirs] = (await api.skus({}, {})) as [string, string];
    const [user, guest] = [await api.login(), await api.guest()];
    await user.add(shared, 2);
    await guest.add(shared, 3);
    await guest.add(theirs, 4);
    await expect(merge(user.at(new Api(doomed.url)), guest)).rejects.toThrow('fetch failed');
    return { user, guest, skus: [shared, theirs] };
  } finally {
    await doomed.kill();
  }
}

function merge(user: Shopper, guest: Shopper) {
  return user.post('/v1/cart/merge', { clientCartId: guest.id });
}

const logged = (userId: string) =>
  database.query<object>("SELECT * FROM cart_change_log WHERE owner_id = ? AND source = 'merge'", [userId]);

/** The merge was made once, whole, and everywhere. */
async function assertMerged({ user, guest, skus: [shared, theirs] }: Login): Promise<void> {
  const cart = await user.cart();
  expect(Object.fromEntries(cart.items.map(({ skuId, quantity }) => [skuId, quantity]))).toEqual({
    [shared]: 5,
    [theirs]: 4,
  });
  expect(cart.badge).toEqual({ skus: 2, quantity: 9, selectedSkus: 2, selectedQuantity: 9 });
  expect((await guest.cart()).items).toEqual([]);
  expect(await guest.add(shared)).toMatchObject({ status: 409, body: { code: 'GUEST_CART_MERGED' } });
  await eventually(
    async () => {
      expect((await admin.get(`/v1/admin/carts/${user.id}/diff`)).body).toMatchObject({
        inSync: true,
        version: cart.version,
        items: [{ equal: true }, { equal: true }],
      });
      expect(await logged(user.id)).toHaveLength(2);
    },
    { timeoutMs: 90_000 },
  );
}

describe.each(['merge-frozen', 'merge-applied', 'merge-closed', 'merge-persisted'])('kill -9 at %s', (crashAt) => {
  it('is finished by the repeat of the request, or without one by another process', async () => {
    const [repeated, left] = await Promise.all([loginThatDies(crashAt), loginThatDies(crashAt)]);

    // The lock of the dead process is held until its lease ends; the client is told to come again.
    const answer = await eventually(
      async () => {
        const { status, body } = await merge(repeated.user, repeated.guest);
        if (status !== 200) expect(body.code).toBe('CART_BUSY');
        expect(status).toBe(200);
        return { body };
      },
      { timeoutMs: 60_000, intervalMs: 500 },
    );
    expect(answer).toMatchObject({
      body: {
        merge: {
          persisted: true,
          items: [
            { skuId: repeated.skus[1], outcome: 'added', quantity: 4, requested: 4 },
            { skuId: repeated.skus[0], outcome: 'summed', quantity: 5, requested: 5 },
          ],
        },
      },
    });
    await assertMerged(repeated);
    expect((await merge(repeated.user, repeated.guest)).body).toMatchObject({
      version: answer.body.version,
      merge: { ...answer.body.merge, replayed: true },
    });

    await eventually(async () => expect((await left.user.cart()).badge.quantity).toBe(9), { timeoutMs: 90_000 });
    await eventually(async () => {
      const { status, body } = await left.guest.add(left.skus[0]);
      expect([status, body.code]).toEqual([409, 'GUEST_CART_MERGED']);
    });
    await assertMerged(left);
    expect((await merge(left.user, left.guest)).body.merge.replayed).toBe(true);
  });
});
