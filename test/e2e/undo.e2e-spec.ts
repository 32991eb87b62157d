import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keys, RedisConnection } from '@app/redis';
import type { CartDto } from '../../libs/cart/src/dto/cart.dto.js';
import { Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { services } from '../support/services.js';

const redis = new RedisConnection({ url: services().redisUrl });
let app: AppProcess;
let api: Api;
let admin: Shopper;

beforeAll(async () => {
  await redis.connect();
  app = await AppProcess.start({ MAX_SKUS: '5' });
  api = new Api(app.url);
  admin = await api.admin();
});
afterAll(async () => {
  await app.stop();
  await redis.close();
});

const ITEMS = '/v1/cart/items';
const skuIds = (cart: { items: { skuId: string }[] }) => cart.items.map(({ skuId }) => skuId);
const undo = (who: Shopper) => who.post<CartDto & { results: object[] }>('/v1/cart/undo');
const change = (skuId: string, patch: object) => admin.patch(`/v1/admin/skus/${skuId}`, patch);

/** What stays of an item whatever happens to it: its changes and versions left out. */
const lasting = (cart: CartDto) => cart.items.map(({ version: _v, updatedAt: _u, ...item }) => item);

/** Waits until MySQL has everything, and says what the operator's comparison shows. */
const drained = (userId: string) =>
  eventually(async () => {
    const { body } = await admin.get(`/v1/admin/carts/${userId}/diff`);
    expect(body.inSync).toBe(true);
    return body.items as { skuId: string; redis: any; mysql: any }[];
  });

async function userWith(...ids: (string | undefined)[]): Promise<Shopper> {
  const user = await api.login();
  for (const id of ids) expect((await user.add(id!, 2)).status).toBe(201);
  return user;
}

describe('undo', () => {
  const removals: [string, (user: Shopper, ids: string[]) => Promise<unknown>][] = [
    ['of one item', (user, [, id]) => user.delete(`${ITEMS}/${id}`)],
    ['of several', (user, ids) => user.post(`${ITEMS}/remove`, { skuIds: ids.slice(1) })],
    ['of all', (user) => user.delete('/v1/cart')],
    ['by quantity 0', (user, [, id]) => user.patch(`${ITEMS}/${id}`, { quantity: 0 })],
    ['by a negative delta', (user, [, id]) => user.patch(`${ITEMS}/${id}`, { delta: -5 })],
  ];
  it.each(removals)('of a removal %s brings price, flag, place and the row in MySQL back', async (_, remove) => {
    const ids = await api.skus({ price: 100 }, { price: 200 }, { price: 300 });
    const user = await userWith(...ids);
    await user.patch(`${ITEMS}/${ids[1]}`, { selected: false });
    await change(ids[1]!, { price: '9.99' });
    const before = await user.cart();
    expect(before.items[1]).toMatchObject({ addPrice: '2.00', price: '9.99', selected: false });
    await remove(user, ids);
    const removed = await drained(user.id);
    expect(removed.filter(({ redis: item }) => item !== null).length).toBeLessThan(3);

    const { status, body } = await undo(user);
    expect(status).toBe(200);
    expect(body.results).toEqual([]);
    expect(lasting(body)).toEqual(lasting(before));
    expect(body.badge).toEqual(before.badge);
    expect(BigInt(body.version)).toBeGreaterThan(BigInt(before.version));
    const rows = await drained(user.id);
    expect(rows.map(({ mysql }) => mysql?.quantity)).toEqual([2, 2, 2]);
    expect(await undo(user)).toMatchObject({ status: 409, body: { code: 'NOTHING_TO_UNDO' } });
  });

  it('is of the latest removal only; there may be none', async () => {
    const [a, b] = await api.skus({}, {});
    const user = await userWith(a, b);
    expect(await undo(user)).toMatchObject({ status: 409, body: { code: 'NOTHING_TO_UNDO', errors: [] } });
    await user.delete(`${ITEMS}/${a}`);
    await user.delete(`${ITEMS}/${b}`);
    // Removing nothing, changing a quantity or a variant is no removal.
    await user.delete(`${ITEMS}/${b}`);
    expect(skuIds((await undo(user)).body)).toEqual([b]);
  });

  it('lasts ten minutes: the record ends with its key', async () => {
    const [a] = await api.skus({});
    const user = await userWith(a);
    await user.delete('/v1/cart');
    const key = keys.undo(`user:${user.id}`);
    expect(await redis.command<number>(['TTL', key])).toBeGreaterThan(590);
    expect(await redis.command<number>(['TTL', key])).toBeLessThanOrEqual(600);
    await redis.command(['PEXPIRE', key, '1']);
    await eventually(async () => expect(await redis.command(['EXISTS', key])).toBe(0));
    expect(await undo(user)).toMatchObject({ status: 409, body: { code: 'NOTHING_TO_UNDO' } });
  });

  it('leaves an item alone that was added again meanwhile', async () => {
    const [a, b] = await api.skus({}, {});
    const user = await userWith(a, b);
    await user.delete('/v1/cart');
    await user.add(a!, 7);
    expect((await undo(user)).body.items).toMatchObject([
      { skuId: a, quantity: 7 },
      { skuId: b, quantity: 2 },
    ]);
    await user.delete(`${ITEMS}/${a}`);
    await user.add(a!, 1);
    expect(await undo(user)).toMatchObject({ status: 409, body: { code: 'NOTHING_TO_UNDO' } });
    expect((await user.cart()).badge.quantity).toBe(3);
  });

  it('cuts what is over a limit by now, and leaves out what the cart cannot hold: newest first', async () => {
    const [a, b, c, ...others] = await api.skus({}, {}, {}, {}, {}, {});
    const user = await userWith(a, b, c);
    await user.patch(`${ITEMS}/${c}`, { quantity: 50 });
    await user.delete('/v1/cart');
    await change(c!, { purchaseLimit: 10 });
    for (const id of others) await user.add(id);
    const { status, body } = await undo(user);
    expect(status).toBe(200);
    expect(body.results).toMatchObject([
      { skuId: c, status: 'clipped', code: 'QUANTITY_LIMIT', quantity: 10 },
      { skuId: a, status: 'rejected', code: 'CART_FULL', quantity: 0 },
    ]);
    expect(body.badge).toMatchObject({ skus: 5, quantity: 15 });
    expect(await undo(user)).toMatchObject({ status: 409, body: { code: 'NOTHING_TO_UNDO' } });
    await drained(user.id);
  });

  it('that brings nothing back is refused with the reason of each item', async () => {
    const [gone, ...others] = await api.skus({}, {}, {}, {}, {}, {});
    const user = await userWith(gone);
    await user.delete('/v1/cart');
    for (const id of others) await user.add(id);
    const before = await user.cart();
    expect(await undo(user)).toMatchObject({
      status: 409,
      body: { code: 'CART_FULL', errors: [{ skuId: gone, status: 'rejected', code: 'CART_FULL', quantity: 0 }] },
    });
    expect(await user.cart()).toEqual(before);
  });

  it('brings items back that cannot be bought by now: they come back invalid', async () => {
    const [a] = await api.skus({});
    const user = await userWith(a);
    await user.delete('/v1/cart');
    await change(a!, { status: 'off', stock: 0 });
    expect((await undo(user)).body).toMatchObject({ invalidItems: [a], items: [{ quantity: 2, selected: false }] });
    await change(a!, { status: 'on', stock: 9 });
    expect((await user.cart()).items).toMatchObject([{ valid: true, selected: true }]);
  });

  it('works for guests', async () => {
    const [a] = await api.skus({});
    const guest = await api.guest();
    await guest.add(a!, 3);
    await guest.delete('/v1/cart');
    expect((await undo(guest)).body.badge).toMatchObject({ skus: 1, quantity: 3 });
  });
});
