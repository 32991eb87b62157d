import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from 'redis';
import { keys, RedisConnection } from '@app/redis';
import type { CartItemDto } from '../../libs/cart/src/dto/cart.dto.js';
import { Api } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { freeze } from '../support/freeze.js';
import { services } from '../support/services.js';

const redis = new RedisConnection({ url: services().redisUrl });

beforeAll(() => redis.connect());
afterAll(() => redis.close());

/** Longer than the last of 200 has to wait, on a slow machine too. */
const LOCK_WAIT_MS = '20000';

describe.each(['redlock', 'noop'])('200 adds of one SKU at once, with the lock %s', (lock) => {
  it('give exactly 200, spread over two processes', async () => {
    const settings = { LOCK: lock, LOCK_WAIT_MS, MAX_QUANTITY_PER_SKU: '1000' };
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
    const app = await AppProcess.start({ LOCK: lock, LOCK_WAIT_MS });
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

describe('a cart that everybody changes at once', () => {
  it('is within its limits at every version, and each version is one cart for all', async () => {
    const settings = { MAX_SKUS: '5', MAX_QUANTITY_PER_SKU: '9', RATE_LIMITS: 'off' };
    const apps = await Promise.all([AppProcess.start(settings), AppProcess.start(settings)]);
    try {
      const [one, two] = apps.map((app) => new Api(app.url));
      const skus = await one!.skus(
        ...[{}, {}, {}, {}, { purchaseLimit: 3 }, { purchaseLimit: 3 }, { stock: 4 }].map((sku) => ({
          ...sku,
          spuId: '77',
        })),
      );
      const maximum = (skuId: string) => [9, 9, 9, 9, 3, 3, 4][skus.indexOf(skuId)]!;
      const user = await one!.login();
      const storm = () =>
        Promise.all(
          Array.from({ length: 400 }, (_, i) => {
            const shopper = i % 2 ? user : user.at(two!);
            const skuId = skus[i % skus.length]!;
            const other = skus[(i * 3 + 1) % skus.length]!;
            const item = `/v1/cart/items/${skuId}`;
            const items = [skuId, other].map((id) => ({ skuId: id, quantity: 2 }));
            switch (i % 9) {
              case 0:
                return shopper.post('/v1/cart/items/batch', { items });
              case 1:
                return shopper.post('/v1/cart/items/batch', { items, mode: 'partial' });
              case 2:
                return shopper.patch(item, { delta: 2 });
              case 3:
                return shopper.put(`${item}/spec`, { skuId: other });
              case 4:
              case 6:
                return shopper.delete(item);
              case 5:
                return shopper.post('/v1/cart/undo');
              default:
                return shopper.add(skuId, 1 + (i % 3));
            }
          }),
        );
      const seen = new Map<string, unknown>();
      const refused = new Set<string>();
      const rare = ['CART_FULL', 'QUANTITY_LIMIT', 'INSUFFICIENT_STOCK'];
      // How the requests fall is luck: it goes on until every limit was met.
      const isEnough = () => seen.size > 20 && rare.every((code) => refused.has(code));
      for (let round = 0; round < 20 && !isEnough(); round++) {
        for (const { status, body } of await storm()) {
          if (status >= 300) {
            expect([404, 409]).toContain(status);
            refused.add(String(body.code));
            continue;
          }
          const held = (body.items as CartItemDto[]).map(({ skuId, quantity, selected }) => ({
            skuId,
            quantity,
            selected,
          }));
          expect(held.length).toBeLessThanOrEqual(5);
          for (const { skuId, quantity } of held) expect(quantity).toBeLessThanOrEqual(maximum(skuId));
          const total = held.reduce((sum, { quantity }) => sum + quantity, 0);
          expect(body.badge).toEqual({
            skus: held.length,
            quantity: total,
            selectedSkus: held.length,
            selectedQuantity: total,
          });
          if (seen.has(body.version)) expect(held).toEqual(seen.get(body.version));
          seen.set(body.version, held);
        }
      }
      expect(seen.size).toBeGreaterThan(20);
      expect([...refused]).toEqual(expect.arrayContaining(rare));
    } finally {
      expect(await Promise.all(apps.map((app) => app.stop()))).toEqual([0, 0]);
    }
  });
});

describe('two processes on one stack', () => {
  it('take and give back the lock at the lock node for every guarded add', async () => {
    const apps = await Promise.all([AppProcess.start(), AppProcess.start()]);
    const monitor = createClient({ url: services().redisUrl, RESP: 2 });
    try {
      const [one, two] = apps.map((app) => new Api(app.url));
      const [sku] = await one!.skus({});
      const user = await one!.login();
      await user.add(sku!);
      const lock = keys.lock.add(`user:${user.id}`);
      // The answer does not wait for the release.
      await eventually(async () => expect(await redis.command(['EXISTS', lock])).toBe(0));

      await monitor.connect();
      const seen: string[] = [];
      await monitor.monitor((line) => seen.push(String(line)));
      const commandsOn = (name: string) => seen.filter((line) => line.toLowerCase().includes(`"${name}" "${lock}"`));
      for (let i = 0; i < 5; i++) {
        await user.add(sku!);
        await user.at(two!).add(sku!);
      }
      // SET acquires (one that comes before the other's release tries again), and the script of the release runs DEL.
      await eventually(() => {
        expect(commandsOn('set').length).toBeGreaterThanOrEqual(10);
        expect(commandsOn('del')).toHaveLength(10);
      });
    } finally {
      monitor.destroy();
      await Promise.all(apps.map((app) => app.stop()));
    }
  });

  it('wait for each other: a frozen process keeps the lock, and the other one does not pass', async () => {
    const settings = { LOCK_LEASE_MS: '60000', LOCK_WAIT_MS: '60000', MAX_QUANTITY_PER_SKU: '100000' };
    const apps = await Promise.all([AppProcess.start(settings), AppProcess.start(settings)]);
    const [holder] = apps;
    try {
      const [one, two] = apps.map((app) => new Api(app.url));
      const [sku] = await one!.skus({});
      const user = await one!.login();
      const lock = keys.lock.add(`user:${user.id}`);
      let sent = 0;
      const adds: Promise<unknown>[] = [];
      // Freeze the first process in the middle of an add, with the lock in its hand.
      await eventually(
        async () => {
          adds.push(user.add(sku!));
          sent += 1;
          if (!(await redis.command(['EXISTS', lock]))) throw new Error('not held right now');
          await freeze(holder.pid);
          await redis.ping(); // behind what it had sent
          if (await redis.command(['EXISTS', lock])) return;
          process.kill(holder.pid, 'SIGCONT');
          throw new Error('let go just before it froze');
        },
        { intervalMs: 1 },
      );

      const token = await redis.command(['GET', lock]);
      const monitor = createClient({ url: services().redisUrl, RESP: 2 });
      await monitor.connect();
      const attempts: string[] = [];
      await monitor.monitor((line) => {
        if (String(line).toLowerCase().includes(`"set" "${lock}"`)) attempts.push(String(line));
      });
      let answered = false;
      const waiting = user
        .at(two!)
        .add(sku!)
        .finally(() => (answered = true));
      await eventually(() => expect(attempts.length).toBeGreaterThan(5));
      monitor.destroy();
      expect(answered).toBe(false);
      expect(await redis.command(['GET', lock])).toBe(token);

      process.kill(holder.pid, 'SIGCONT');
      expect((await waiting).status).toBe(201);
      await Promise.all(adds);
      expect((await user.cart()).badge.quantity).toBe(sent + 1);
    } finally {
      process.kill(holder.pid, 'SIGCONT');
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
