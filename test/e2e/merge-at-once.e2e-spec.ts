import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Answer, Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';

const merge = (user: Shopper, guest: Shopper) => user.post('/v1/cart/merge', { clientCartId: guest.id });
const statuses = (answers: Answer[]) => new Set(answers.map(({ status, body }) => body.code ?? status));

describe.each(['redlock', 'noop'])('over two processes, with the lock %s,', (lock) => {
  let apps: AppProcess[];
  let one: Api;
  let two: Api;
  let admin: Shopper;

  beforeAll(async () => {
    const settings = { LOCK: lock, MAX_QUANTITY_PER_SKU: '10000', LOCK_WAIT_MS: '20000' };
    apps = await Promise.all([AppProcess.start(settings), AppProcess.start(settings)]);
    [one, two] = apps.map((app) => new Api(app.url)) as [Api, Api];
    admin = await one.admin();
  });
  afterAll(async () => {
    expect(await Promise.all(apps.map((app) => app.stop()))).toEqual([0, 0]);
  });

  const quantities = async (who: Shopper) =>
    Object.fromEntries((await who.cart()).items.map(({ skuId, quantity }) => [skuId, quantity]));
  const drained = (userId: string) =>
    eventually(async () => {
      expect((await admin.get(`/v1/admin/carts/${userId}/diff`)).body.inSync).toBe(true);
    });

  it('fifty merges of one guest cart are one', async () => {
    const [a, b] = await one.skus({}, {});
    const user = await one.login();
    const guest = await one.guest();
    await user.add(a!, 1);
    await guest.add(a!, 2);
    await guest.add(b!, 3);
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => merge(i % 2 ? user : user.at(two), guest)));
    expect(statuses(answers)).toEqual(new Set([200]));
    expect(answers.filter(({ body }) => !body.merge.replayed)).toHaveLength(1);
    expect(new Set(answers.map(({ body }) => JSON.stringify([body.merge.id, body.merge.items]))).size).toBe(1);
    expect(await quantities(user)).toEqual({ [a!]: 3, [b!]: 3 });
    expect(await quantities(guest)).toEqual({});
    await drained(user.id);
  });

  it('a guest cart fifty users try to merge is one user’s, whole', async () => {
    const [a] = await one.skus({});
    const guest = await one.guest();
    await guest.add(a!, 7);
    const users = await Promise.all(Array.from({ length: 50 }, (_, i) => (i % 2 ? one : two).login()));
    const answers = await Promise.all(users.map((user) => merge(user, guest)));
    expect(statuses(answers)).toEqual(new Set([200]));
    const winners = answers.filter(({ body }) => body.merge.items.length > 0);
    expect(winners.map(({ body }) => body.badge.quantity)).toEqual([7]);
    const carts = await Promise.all(users.map((user) => user.cart()));
    expect(carts.reduce((sum, cart) => sum + cart.badge.quantity, 0)).toBe(7);
  });

  it('adds of another device meanwhile are all kept', async () => {
    const [a, b] = await one.skus({}, {});
    const user = await one.login();
    const guests = await Promise.all(Array.from({ length: 10 }, () => one.guest()));
    for (const guest of guests) {
      await guest.add(a!, 5);
      await guest.add(b!, 1);
    }
    const adds = Array.from({ length: 60 }, (_, i) => (i % 2 ? user : user.at(two)).add(a!, 1));
    const merges = guests.map((guest, i) => merge(i % 2 ? user : user.at(two), guest));
    const [added, merged] = await Promise.all([Promise.all(adds), Promise.all(merges)]);
    expect([statuses(added), statuses(merged)]).toEqual([new Set([201]), new Set([200])]);
    expect(await quantities(user)).toEqual({ [a!]: 60 + 50, [b!]: 10 });
    await drained(user.id);
  });

  it('adds of the guest meanwhile are in the merge, or refused: none is lost, none comes twice', async () => {
    const [a] = await one.skus({});
    for (let round = 0; round < 5; round++) {
      const [user, guest] = [await one.login(), await one.guest()];
      await guest.add(a!, 1);
      const adds = Array.from({ length: 30 }, (_, i) => (i % 2 ? guest : guest.at(two)).add(a!, 1));
      const merging = adds[5]!.then(() => merge(user, guest));
      const answers = await Promise.all(adds);
      const { body } = await merging;
      for (const status of statuses(answers)) expect(status).toBeOneOf([201, 'GUEST_CART_MERGED']);
      const accepted = 1 + answers.filter(({ status }) => status === 201).length;
      expect(body.merge.items).toEqual([{ skuId: a, outcome: 'added', quantity: accepted, requested: accepted }]);
      expect(await quantities(user)).toEqual({ [a!]: accepted });
      expect(await quantities(guest)).toEqual({});
    }
  });
});
