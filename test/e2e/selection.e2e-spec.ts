import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CartDto } from '../../libs/cart/src/dto/cart.dto.js';
import { Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';

let app: AppProcess;
let api: Api;
let admin: Shopper;

beforeAll(async () => {
  app = await AppProcess.start({ MAX_SKUS: '5' });
  api = new Api(app.url);
  admin = await api.admin();
});
afterAll(async () => {
  await app.stop();
});

const ITEMS = '/v1/cart/items';
const change = (skuId: string, patch: object) => admin.patch(`/v1/admin/skus/${skuId}`, patch);

/** Waits until MySQL has everything. */
const drained = (userId: string) =>
  eventually(async () => {
    const { body } = await admin.get(`/v1/admin/carts/${userId}/diff`);
    expect(body.inSync).toBe(true);
    return body.items as { skuId: string }[];
  });

async function userWith(...ids: (string | undefined)[]): Promise<Shopper> {
  const user = await api.login();
  for (const id of ids) expect((await user.add(id!, 2)).status).toBe(201);
  return user;
}

describe('a selection', () => {
  const select = (who: Shopper, body: object) => who.put<CartDto>('/v1/cart/selection', body);
  const flags = (cart: CartDto) => Object.fromEntries(cart.items.map((item) => [item.skuId, item.selected]));
  const states = (cart: CartDto) => Object.fromEntries(cart.groups.map((group) => [group.id, group.selection]));

  it('is for items, a shop or all; each shop shows all, some or none', async () => {
    const [a, b, c] = await api.skus({ shopId: '71' }, { shopId: '71' }, { shopId: '72' });
    const user = await userWith(a, b, c);
    const steps: [object, flags: boolean[], states: string[]][] = [
      [{ scope: 'items', skuIds: [a, '999999999999995'], selected: false }, [false, true, true], ['some', 'all']],
      [{ scope: 'shop', shopId: '71', selected: true }, [true, true, true], ['all', 'all']],
      [{ scope: 'shop', shopId: '72', selected: false }, [true, true, false], ['all', 'none']],
      [{ scope: 'all', selected: false }, [false, false, false], ['none', 'none']],
      [{ scope: 'all', selected: true }, [true, true, true], ['all', 'all']],
    ];
    for (const [body, [fa, fb, fc], [s71, s72]] of steps) {
      const answer = await select(user, body);
      expect(answer.status).toBe(200);
      expect(flags(answer.body)).toEqual({ [a!]: fa, [b!]: fb, [c!]: fc });
      expect(states(answer.body)).toEqual({ 71: s71, 72: s72 });
      // Kept on the server: the same on every device.
      expect(await user.cart()).toEqual(answer.body);
    }
    const { version } = await user.cart();
    expect((await select(user, { scope: 'all', selected: true })).body.version).toBe(version);
    await drained(user.id);
  });

  it('passes invalid items over; what they were comes back with the product', async () => {
    const [good, bad] = await api.skus({ shopId: '71' }, { shopId: '71' });
    const user = await userWith(good, bad);
    await select(user, { scope: 'items', skuIds: [good], selected: false });
    await change(bad!, { status: 'off' });
    expect(await user.cart()).toMatchObject({
      items: [{ skuId: bad, selected: false }, { selected: false }],
      badge: { selectedSkus: 1, selectedQuantity: 2 },
      totals: { skus: 0, quantity: 0 },
      groups: [{ selection: 'none' }],
    });
    await change(bad!, { status: 'on' });
    expect(flags(await user.cart())).toEqual({ [good!]: false, [bad!]: true });

    // Unselecting clears the stored flag, selecting does not set it.
    await change(bad!, { stock: 0 });
    await select(user, { scope: 'items', skuIds: [bad], selected: false });
    for (const scope of [{ scope: 'items', skuIds: [bad] }, { scope: 'shop', shopId: '71' }, { scope: 'all' }]) {
      expect((await select(user, { ...scope, selected: true })).status).toBe(200);
    }
    expect((await user.patch(`${ITEMS}/${bad}`, { selected: true })).status).toBe(200);
    expect((await user.cart()).groups).toMatchObject([{ selection: 'all' }]);
    await change(bad!, { stock: 5 });
    expect(flags(await user.cart())).toEqual({ [good!]: true, [bad!]: false });
  });

  it('needs what belongs to its scope, and nothing else', async () => {
    const user = await api.login();
    for (const body of [
      { scope: 'items', selected: true },
      { scope: 'shop', selected: true },
      { scope: 'shop', skuIds: ['1'], shopId: '1', selected: true },
      { scope: 'all', shopId: '1', selected: true },
      { scope: 'some', selected: true },
      { scope: 'all' },
      { scope: 'items', skuIds: Array.from({ length: 1001 }, () => '1'), selected: true },
    ]) {
      expect(await select(user, body)).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    }
  });
});

describe('groups', () => {
  it('are by shop unless asked otherwise: by promotion, or none', async () => {
    const [a, b] = await api.skus({ shopId: '71', shopName: 'One' }, { shopId: '72', shopName: 'Two' });
    const user = await userWith(a, b);
    const groups = async (query: string) => (await user.get<CartDto>(`/v1/cart${query}`)).body.groups;
    expect(await groups('')).toMatchObject([
      { kind: 'shop', id: '72', name: 'Two', skuIds: [b] },
      { kind: 'shop', id: '71', name: 'One', skuIds: [a] },
    ]);
    expect(await groups('?group=shop')).toHaveLength(2);
    expect(await groups('?group=none')).toEqual([]);
    const byPromotion = await groups('?group=promotion');
    expect(byPromotion.every((group) => group.kind === 'promotion')).toBe(true);
    expect(byPromotion.flatMap((group) => group.skuIds).sort()).toEqual([a, b].sort());
    expect((await user.get('/v1/cart?group=colour')).status).toBe(400);
    expect((await user.patch(`${ITEMS}/${a}?group=none`, { delta: 1 })).body.groups).toEqual([]);
  });
});

describe('new items', () => {
  it('come in unselected with SELECT_NEW=none, or as last chosen with inherit, unless told otherwise', async () => {
    const starts = ['none', 'inherit'].map((setting) => AppProcess.start({ SELECT_NEW: setting }));
    const apps = await Promise.all(starts);
    try {
      const [none, inherit] = apps.map((one) => new Api(one.url)) as [Api, Api];
      const [a, b, c, d] = await api.skus({}, {}, {}, {});
      const selected = async (who: Shopper, skuId?: string) =>
        (await who.cart()).items.find((item) => item.skuId === skuId)!.selected;

      const one = await none.login();
      await one.add(a!);
      await one.post(ITEMS, { skuId: b, quantity: 1, selected: true });
      await one.put('/v1/cart/selection', { scope: 'all', selected: true });
      await one.add(c!);
      expect([await selected(one, a), await selected(one, b), await selected(one, c)]).toEqual([true, true, false]);

      const two = await inherit.login();
      await two.add(a!);
      expect(await selected(two, a)).toBe(true);
      await two.patch(`${ITEMS}/${a}`, { selected: false });
      await two.add(b!);
      await two.post(ITEMS, { skuId: c, quantity: 1, selected: true });
      await two.add(d!);
      expect([await selected(two, b), await selected(two, d)]).toEqual([false, true]);
    } finally {
      await Promise.all(apps.map((one) => one.stop()));
    }
  });
});
