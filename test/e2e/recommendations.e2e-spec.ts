import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database, toDateTime } from '@app/database';
import { createDataSource } from '../../ormconfig.js';
import { Api } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { OwnDatabase } from '../support/own-database.js';
import { RedisServer } from '../support/redis-server.js';

const PATH = '/v1/cart/recommendations';
let own: OwnDatabase;
let server: RedisServer;
let database: Database;
let apps: AppProcess[];
let api: Api;

/** Two instances that learn every second, from orders that no other test has. */
beforeAll(async () => {
  [own, server] = await Promise.all([OwnDatabase.create(), RedisServer.start()]);
  database = new Database(createDataSource(own.url));
  const servers = { DATABASE_URL: own.url, REDIS_URL: server.url, TRANSPORT: 'in-process' };
  const settings = { ...servers, RECOMMENDATIONS_CRON: '* * * * * *' };
  apps = await Promise.all([AppProcess.start(settings), AppProcess.start(settings)]);
  api = new Api(apps[0]!.url);
});
afterAll(async () => {
  await Promise.all(apps.map((app) => app.stop()));
  await database.onApplicationShutdown();
  await Promise.all([server.stop(), own.drop()]);
});

let version = 0;

async function paidOrder(...skuIds: string[]): Promise<void> {
  const at = toDateTime(Date.now());
  await database.transaction(async (query) => {
    const { insertId } = (await query(
      `INSERT INTO orders (user_id, status, currency, goods, promotion_discount, coupon_discount, payable, coupon_ids,
         gifts, created_at, expires_at, closed_at, cart_state, attempt_at)
       VALUES (1, 'paid', 'CNY', 0, 0, 0, 0, '[]', '[]', ?, ?, ?, 'settled', ?)`,
      [at, at, at, at],
    )) as unknown as { insertId: string };
    await query(
      `INSERT INTO order_item (order_id, sku_id, user_id, quantity, price, goods, promotion_discount, coupon_discount,
         payable, snapshot, item, item_version) VALUES ?`,
      [skuIds.map((id) => [insertId, id, 1, 1, 1, 1, 0, 0, 1, '{}', '{}', ++version])],
    );
  });
}

/** What a test looks at of each item, in the order of the answer. */
function itemsOf(body: { items: any[] }): any[] {
  return body.items;
}

describe(`GET ${PATH}`, () => {
  it('names what is often bought with the cart of a user and of a guest, never what is in it', async () => {
    const [bread, butter, jam] = await api.skus({ price: 300 }, { price: 250 }, { price: 199 });
    for (let i = 0; i < 3; i++) await paidOrder(bread!, butter!);
    for (let i = 0; i < 4; i++) await paidOrder(bread!, jam!);
    for (const shopper of [await api.login(), await api.guest()]) {
      expect((await shopper.get(PATH)).body).toEqual({ items: [], gap: null });
      await shopper.add(bread!);
      await eventually(async () => {
        const { status, body } = await shopper.get(PATH);
        expect(status).toBe(200);
        expect(itemsOf(body).map((item) => item.skuId)).toEqual([jam, butter]);
      });
      await shopper.add(jam!);
      const { body } = await shopper.get(PATH);
      expect(body.items).toEqual([
        expect.objectContaining({ skuId: butter, price: '2.50', boughtWith: [bread], closesGap: null }),
      ]);
    }
    const { body } = await (await api.admin()).get('/v1/admin/sync/runs');
    expect(body.runs).toContainEqual(expect.objectContaining({ kind: 'recommendations', status: 'succeeded' }));
  });

  it('names what closes the gap of a promotion', async () => {
    const shopId = '4711';
    const [some, exact, more, less] = await api.skus(
      ...[46_200, 3_800, 4_000, 500].map((price) => ({ price, shopId, stock: 9 })),
    );
    const tiers = [{ threshold: '500.00', discount: '100.00' }];
    const promotion = { promotionId: 'gap-1', label: '满500减100', kind: 'full_reduction', scope: { shopId }, tiers };
    expect((await (await api.admin()).put('/v1/admin/promotions', [promotion])).status).toBe(200);
    const user = await api.login();
    await user.add(some!);
    await eventually(async () => {
      const { body } = await user.get(`${PATH}?promotionId=gap-1`);
      expect(body.gap).toBe('38.00');
      expect(itemsOf(body).map((item) => [item.skuId, item.closesGap])).toEqual([
        [exact, true],
        [more, true],
        [less, false],
      ]);
    });
    await user.add(exact!);
    const { body } = await user.get(`${PATH}?promotionId=gap-1`);
    expect(body).toEqual({ items: [], gap: null });
  });

  it('has an empty list for a promotion nobody knows, and refuses what cannot be the id of one', async () => {
    const user = await api.login();
    expect(await user.get(`${PATH}?promotionId=nobody-knows-it`)).toMatchObject({
      status: 200,
      body: { items: [], gap: null },
    });
    expect(await user.get(`${PATH}?promotionId=a%20b`)).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED' },
    });
    expect(await api.call('GET', PATH)).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
  });
});
