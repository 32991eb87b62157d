import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { OwnDatabase } from '../support/own-database.js';
import { RedisServer } from '../support/redis-server.js';

let database: OwnDatabase;
let redis: RedisServer;
let apps: AppProcess[];
let api: Api;
let other: Api;

/** Servers of their own: every command Redis carries out is counted, and in the end Redis goes away. */
beforeAll(async () => {
  database = await OwnDatabase.create();
  redis = await RedisServer.start();
  const settings = { DATABASE_URL: database.url, REDIS_URL: redis.url, TRANSPORT: 'in-process' };
  apps = await Promise.all([AppProcess.start(settings), AppProcess.start(settings)]);
  [api, other] = apps.map((app) => new Api(app.url)) as [Api, Api];
});
afterAll(async () => {
  await Promise.all(apps.map((app) => app.stop()));
  await redis.stop();
  await database.drop();
});

/** The script by which every instance shares SKUs that changed lately, each quarter of a minute, and what it calls. */
const SHARED_AGAIN = /"1" "sku:|\[\d+ lua\] "\w+" "sku:/;

/** The commands on the user's cart and on the catalogue while `work` is done, as `COMMAND key`. */
async function commandsOf(user: Shopper, work: () => Promise<unknown>): Promise<string[]> {
  const monitor = await redis.monitor();
  await work();
  // What Redis carries out after the work is seen after it.
  await user.get(`/v1/cart/badge?mark`);
  await eventually(() => expect(monitor.lines.join('\n')).toMatch(/"HGET" "cart:user:\d+" "_"/));
  monitor.stop();
  const lines = monitor.lines.filter((line) => !SHARED_AGAIN.test(line));
  const calls = lines.flatMap((line) => /"([^"]+)" "((?:cart:user|sku):[^"]*)"/.exec(line) ?? []);
  const commands = Array.from({ length: calls.length / 3 }, (_, i) => `${calls[3 * i + 1]} ${calls[3 * i + 2]}`);
  return commands.slice(0, commands.lastIndexOf(`HGET cart:user:${user.id}`));
}

async function userWith120(): Promise<Shopper> {
  const skus = await api.skus(...Array.from({ length: 120 }, () => ({ price: 100 })));
  const user = await api.login();
  for (const first of [0, 60]) {
    const items = skus.slice(first, first + 60).map((skuId) => ({ skuId, quantity: 1 }));
    expect((await user.post('/v1/cart/items/batch', { items })).status).toBe(200);
  }
  return user;
}

describe('a cart of 120 items', () => {
  it('is one command for the cart and one for the catalogue, and none for SKUs this process has just seen', async () => {
    const user = await userWith120();
    const elsewhere = user.at(other);
    // More than what an instance may show from its own memory has passed, when it asks again.
    await eventually(
      async () => {
        const commands = await commandsOf(user, () => elsewhere.cart());
        expect(commands.map((command) => command.replace(/ sku:.*/, ' sku'))).toEqual([
          `HGETALL cart:user:${user.id}`,
          'MGET sku',
        ]);
      },
      { timeoutMs: 10_000, intervalMs: 1_100 },
    );
    await elsewhere.cart();
    const again = await commandsOf(user, async () => {
      const cart = await elsewhere.cart();
      expect(cart).toMatchObject({ badge: { skus: 120 }, totals: { skus: 120, goods: '120.00' } });
    });
    expect(again.filter((command) => !command.includes('sku:'))).toEqual([`HGETALL cart:user:${user.id}`]);
  });
});

describe('the badge', () => {
  it('is one field of the cart, which is not built for it', async () => {
    const user = await userWith120();
    const badge = { skus: 120, quantity: 120, selectedSkus: 120, selectedQuantity: 120 };
    const commands = await commandsOf(user, async () => {
      const answer = await user.get('/v1/cart/badge');
      expect(answer.body).toEqual(badge);
      expect(answer.headers.get('etag')).toBe(`"${(await user.cart()).version}"`);
    });
    expect(commands[0]).toBe(`HGET cart:user:${user.id}`);
    expect(commands.filter((command) => command.startsWith('HGETALL'))).toHaveLength(1);
  });

  it('counts by the stored flags, invalid items too; an unknown owner has none', async () => {
    const [sku] = await api.skus({});
    const admin = await api.admin();
    const guest = await api.guest();
    const none = { skus: 0, quantity: 0, selectedSkus: 0, selectedQuantity: 0 };
    expect((await guest.get('/v1/cart/badge')).body).toEqual(none);
    expect((await (await api.login()).get('/v1/cart/badge')).body).toEqual(none);
    await guest.add(sku!, 3);
    await admin.patch(`/v1/admin/skus/${sku}`, { status: 'off' });
    expect((await guest.get('/v1/cart/badge')).body).toEqual({
      skus: 1,
      quantity: 3,
      selectedSkus: 1,
      selectedQuantity: 3,
    });
  });

  it('of a user comes from MySQL while Redis is away, without a version; a guest has no copy', async () => {
    const [a, b] = await api.skus({}, {});
    const [user, guest, admin] = [await api.login(), await api.guest(), await api.admin()];
    await user.add(a!, 2);
    await user.add(b!, 3);
    await user.patch(`/v1/cart/items/${a}`, { selected: false });
    await guest.add(a!, 1);
    await eventually(async () => {
      expect((await admin.get(`/v1/admin/carts/${user.id}/diff`)).body.inSync).toBe(true);
    });
    await redis.kill();
    const badge = await user.get('/v1/cart/badge');
    expect(badge).toMatchObject({
      status: 200,
      body: { skus: 2, quantity: 5, selectedSkus: 1, selectedQuantity: 3 },
    });
    expect(badge.headers.get('etag')).toBeNull();
    expect(await guest.get('/v1/cart/badge')).toMatchObject({ status: 503, body: { code: 'CART_UNAVAILABLE' } });
    await redis.restart();
  });
});
