import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Answer, Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { routesOf } from '../support/routes.js';

let apps: AppProcess[];
let api: Api;
let other: Api;
let admin: Shopper;

beforeAll(async () => {
  apps = await Promise.all([AppProcess.start(), AppProcess.start()]);
  [api, other] = apps.map((app) => new Api(app.url)) as [Api, Api];
  admin = await api.admin();
});
afterAll(async () => {
  await Promise.all(apps.map((app) => app.stop()));
});

const ITEMS = '/v1/cart/items';
const withKey = (key: string = randomUUID()) => ({ 'idempotency-key': key });
const isReplay = ({ headers }: Answer) => headers.get('idempotent-replayed') === 'true';
const quantity = async (who: Shopper) => (await who.cart()).badge.quantity;
const change = (skuId: string, patch: object) => admin.patch(`/v1/admin/skus/${skuId}`, patch);

describe('the scope of a key', () => {
  it('is owner, method and path: elsewhere it is another key', async () => {
    const [a, b] = await api.skus({}, {});
    const [one, two, guest] = [await api.login(), await api.login(), await api.guest()];
    const header = withKey();
    for (const who of [one, two, guest]) {
      await who.add(b!, 1);
      for (const answer of [
        await who.add(a!, 1, header),
        await who.post(`${ITEMS}/batch`, { items: [] }, header),
        await who.patch(`${ITEMS}/${a}`, { delta: 1 }, header),
        await who.patch(`${ITEMS}/${b}`, { delta: 1 }, header),
      ]) {
        expect([answer.status < 300, isReplay(answer)]).toEqual([true, false]);
      }
      expect(await quantity(who)).toBe(4);
    }
    const sameButQuery = await one.post(`${ITEMS}?group=none`, { skuId: a, quantity: 1 }, header);
    expect([isReplay(sameButQuery), sameButQuery.body.groups]).toEqual([true, []]);
  });

  it('is POST and PATCH; a malformed key is 400 there, and ignored elsewhere', async () => {
    const [a] = await api.skus({});
    const user = await api.login();
    await user.add(a!, 1);
    const { version } = await user.cart();
    for (const key of ['', 'two words', 'x'.repeat(256), 'schl\u00fcssel']) {
      const bad = withKey(key);
      for (const answer of [
        await user.add(a!, 1, bad),
        await user.patch(`${ITEMS}/${a}`, { delta: 1 }, bad),
        await user.post('/v1/cart/merge', { clientCartId: (await api.guest()).id }, bad),
        await admin.patch(`/v1/admin/skus/${a}`, { stock: 5 }, bad),
        await admin.post(`/v1/admin/carts/${user.id}/sync`, undefined, bad),
      ]) {
        expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
      }
      const headers = { ...user.headers, ...bad };
      const ignored = [
        await api.call('PUT', '/v1/cart/selection', { body: { scope: 'all', selected: true }, headers }),
        await user.delete(`${ITEMS}/1`, bad),
        await user.get('/v1/cart', bad),
        await api.call('POST', '/v1/guest-carts', { headers: bad }),
        await api.call('POST', '/v1/dev/login', { body: { userId: '1' }, headers: bad }),
      ];
      expect(ignored.map(({ status }) => status)).toEqual([200, 200, 200, 201, 200]);
    }
    expect((await user.cart()).version).toBe(version);
    expect((await user.add(a!, 1, withKey(`~!"#${'x'.repeat(251)}`))).status).toBe(201);

    const header = withKey();
    const guests = [0, 1].map(() => api.call('POST', '/v1/guest-carts', { headers: header }));
    const [first, second] = (await Promise.all(guests)).map(({ body }) => body.clientCartId);
    expect(first).not.toBe(second);
    for (const quantity of [0, 1]) {
      await user.add(a!, quantity + 1);
      const removed = await user.delete(`${ITEMS}/${a}`, header);
      expect([isReplay(removed), removed.body.items]).toEqual([false, []]);
    }
  });

  it('is every POST and PATCH that changes something', async () => {
    const guest = await api.guest();
    const routes = (await routesOf(api)).filter(
      ({ method, path, access }) => /POST|PATCH/.test(method) && access !== 'public' && !path.endsWith('/preview'),
    );
    expect(routes.length).toBeGreaterThan(7);
    for (const { method, path, body } of routes) {
      const answer = await api.call(method, path.replaceAll(/\{\w+\}/g, '1'), {
        body: body({ clientCartId: guest.id }),
        headers: { ...admin.headers, ...withKey('two words') },
      });
      expect([method, path, answer.status, answer.body.errors?.[0]?.field]).toEqual([
        method,
        path,
        400,
        'Idempotency-Key',
      ]);
    }
  });

  it('takes in the operator’s POST and PATCH: the first answer is repeated, a refusal too', async () => {
    const [a] = await api.skus({ price: 100 });
    const user = await api.login();
    const header = withKey();
    const price = (to: string) => admin.patch(`/v1/admin/skus/${a}`, { price: to }, header);
    const first = await price('2.00');
    await change(a!, { price: '3.00' });
    const again = await price('2.00');
    expect([first.status, isReplay(first), again.status, isReplay(again)]).toEqual([200, false, 200, true]);
    expect(again.body).toEqual(first.body);
    expect((await api.call('GET', `/v1/skus/${a}`)).body.price).toBe('3.00');
    expect(await price('4.00')).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });

    const missing = withKey();
    for (const replayed of [false, true]) {
      const answer = await admin.patch('/v1/admin/skus/999999999999993', { stock: 1 }, missing);
      expect([answer.status, answer.body.code, isReplay(answer)]).toEqual([404, 'SKU_NOT_FOUND', replayed]);
    }

    await user.add(a!, 1);
    const sync = withKey();
    const synced = await admin.post(`/v1/admin/carts/${user.id}/sync`, undefined, sync);
    await user.add(a!, 1);
    const syncedAgain = await admin.at(other).post(`/v1/admin/carts/${user.id}/sync`, undefined, sync);
    expect([isReplay(synced), isReplay(syncedAgain), syncedAgain.status]).toEqual([false, true, synced.status]);
    expect(syncedAgain.body).toEqual(synced.body);
  });
});
