import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from 'redis';
import { keys, RedisConnection } from '@app/redis';
import { Api } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { services } from '../support/services.js';

const redis = new RedisConnection({ url: services().redisUrl });

beforeAll(() => redis.connect());
afterAll(() => redis.close());

describe.each(['redlock', 'noop'])('200 adds of one SKU at once, with the lock %s', (lock) => {
  it('give exactly 200, spread over two processes', async () => {
    const settings = { LOCK: lock, MAX_QUANTITY_PER_SKU: '1000' };
    const apps = await Promise.all([AppProcess.start(settings), AppProcess.start(settings)]);
    try {
      const [one, two] = apps.map((app) => new Api(app.url));
      const [sku, ...others] = await one!.skus(...Array.from({ length: 51 }, () => ({})));
      const user = await one!.login();
      const elsewhere = user.at(two!);
      const adds = Array.from({ length: 200 }, (_, i) => (i % 2 ? user : elsewhere).add(sku!));
      const answers = await Promise.all([...adds, ...others.map((other, i) => (i % 2 ? user : elsewhere).add(other))]);
      expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 201));
      expect(new Set(answers.map((answer) => answer.body.version)).size).toBe(250);
      const cart = await user.cart();
      expect(cart.items.find((item) => item.skuId === sku)!.quantity).toBe(200);
      expect(cart.badge).toMatchObject({ skus: 51, quantity: 250 });
      const admin = await one!.admin();
      await eventually(async () => {
        expect((await admin.get(`/v1/admin/carts/${user.id}/diff`)).body.inSync).toBe(true);
      });
    } finally {
      expect(await Promise.all(apps.map((app) => app.stop()))).toEqual([0, 0]);
    }
  });

  it('at the default limit give 99 and 101 clear refusals', async () => {
    const app = await AppProcess.start({ LOCK: lock });
    try {
      const api = new Api(app.url);
      const [sku] = await api.skus({});
      const user = await api.login();
      const answers = await Promise.all(Array.from({ length: 200 }, () => user.add(sku!)));
      const refused = answers.filter((answer) => answer.status === 409);
      expect(answers.filter((answer) => answer.status === 201)).toHaveLength(99);
      expect(refused).toHaveLength(101);
      for (const { body } of refused) {
        expect(body).toMatchObject({ code: 'QUANTITY_LIMIT', errors: [{ maximum: 99, requested: 100 }] });
      }
      expect((await user.cart()).badge.quantity).toBe(99);
    } finally {
      await app.stop();
    }
  });
});

describe('two processes on one stack', () => {
  it('take and give back the lock at the lock node for every guarded add, and wait for each other', async () => {
    const apps = await Promise.all([AppProcess.start(), AppProcess.start()]);
    const monitor = createClient({ url: services().redisUrl, RESP: 2 });
    try {
      const [one, two] = apps.map((app) => new Api(app.url));
      const [sku] = await one!.skus({});
      const user = await one!.login();
      await user.add(sku!);
      const lock = keys.lock.add(`user:${user.id}`);

      await monitor.connect();
      const seen: string[] = [];
      await monitor.monitor((line) => seen.push(String(line)));
      const commandsOn = (name: string) => seen.filter((line) => line.includes(`"${name}"`) && line.includes(lock));
      for (let i = 0; i < 5; i++) {
        await user.add(sku!);
        await user.at(two!).add(sku!);
      }
      // The scripts of the lock run SET to acquire and DEL to release, inside Lua.
      await eventually(() => {
        expect([commandsOn('set').length, commandsOn('del').length]).toEqual([10, 10]);
      });

      // A third holder, as another process: an add waits for it at the lock node, and goes on once it lets go.
      await redis.command(['SET', lock, 'somebody else', 'PX', '60000']);
      const before = (await user.cart()).version;
      let answered = false;
      const waiting = user.at(two!).add(sku!).finally(() => (answered = true));
      const attempts = () => commandsOn('exists').length;
      const tried = attempts();
      await eventually(() => expect(attempts()).toBeGreaterThan(tried + 2));
      expect(answered).toBe(false);
      expect((await user.cart()).version).toBe(before);
      await redis.command(['DEL', lock]);
      expect((await waiting).status).toBe(201);
    } finally {
      monitor.destroy();
      await Promise.all(apps.map((app) => app.stop()));
    }
  });

  it('answer CART_BUSY when the wait for the lock runs out, and change nothing', async () => {
    const app = await AppProcess.start({ LOCK_WAIT_MS: '200' });
    try {
      const api = new Api(app.url);
      const [sku] = await api.skus({});
      const user = await api.login();
      await redis.command(['SET', keys.lock.add(`user:${user.id}`), 'somebody else', 'PX', '60000']);
      const busy = await user.add(sku!);
      expect(busy).toMatchObject({ status: 409, body: { code: 'CART_BUSY' } });
      expect(Number(busy.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await user.cart()).items).toEqual([]);
    } finally {
      await app.stop();
    }
  });
});
