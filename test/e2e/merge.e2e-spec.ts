import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '@app/database';
import type { CartDto } from '../../libs/cart/src/dto/cart.dto.js';
import { createDataSource } from '../../ormconfig.js';
import { Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { services } from '../support/services.js';

interface Merged extends CartDto {
  merge: {
    id: string;
    replayed: boolean;
    persisted: boolean;
    items: { skuId: string; outcome: string; quantity: number; requested: number }[];
  };
}

const database = new Database(createDataSource(services().databaseUrl));
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
  await database.onApplicationShutdown();
});

const ITEMS = '/v1/cart/items';
const merge = (user: Shopper, guest: Shopper, terms: object = {}, headers: Record<string, string> = {}) =>
  user.post<Merged>('/v1/cart/merge', { clientCartId: guest.id, ...terms }, headers);
const quantities = ({ items }: CartDto) => Object.fromEntries(items.map(({ skuId, quantity }) => [skuId, quantity]));

async function drained(userId: string): Promise<void> {
  await eventually(async () => {
    expect((await admin.get(`/v1/admin/carts/${userId}/diff`)).body.inSync).toBe(true);
  });
}

async function holding<T extends Shopper>(
  who: T,
  ...items: [skuId: string | undefined, quantity: number][]
): Promise<T> {
  for (const [skuId, quantity] of items) expect((await who.add(skuId!, quantity)).status).toBe(201);
  return who;
}

describe('a login merge', () => {
  it.each([
    ['sum', 'summed', 7, 7],
    ['overwrite', 'overwritten', 5, 5],
    ['skip', 'kept', 2, 2],
    ['max', 'overwritten', 5, 5],
    [undefined, 'summed', 7, 7],
  ])('by %s: the shared SKU is %s', async (strategy, outcome, quantity, requested) => {
    const [shared, theirs, own] = await api.skus({}, {}, {});
    const user = await holding(await api.login(), [own, 1], [shared, 2]);
    const guest = await holding(await api.guest(), [shared, 5], [theirs, 3]);
    const { status, body } = await merge(user, guest, { strategy });
    expect(status).toBe(200);
    expect(body.merge).toEqual({
      id: expect.stringMatching(/^[\w-]{10,}$/),
      replayed: false,
      persisted: true,
      items: [
        { skuId: theirs, outcome: 'added', quantity: 3, requested: 3 },
        { skuId: shared, outcome, quantity, requested },
      ],
    });
    expect(quantities(body)).toEqual({ [own!]: 1, [shared!]: quantity, [theirs!]: 3 });
    await drained(user.id);
  });

  it('by max keeps what the user has more of', async () => {
    const [shared] = await api.skus({});
    const user = await holding(await api.login(), [shared, 9]);
    const guest = await holding(await api.guest(), [shared, 5]);
    const { body } = await merge(user, guest, { strategy: 'max' });
    expect(body.merge.items).toEqual([{ skuId: shared, outcome: 'kept', quantity: 9, requested: 9 }]);
    expect(body.version).toBe(body.items[0]!.version);
  });

  it('keeps a shared item’s flag, price, time and place; the guest’s others come in as they are', async () => {
    const [shared, theirs, own] = await api.skus({ price: 100 }, { price: 200 }, {});
    const user = await holding(await api.login(), [shared, 2], [own, 1]);
    await user.patch(`${ITEMS}/${shared}`, { selected: false });
    const guest = await holding(await api.guest(), [theirs, 3]);
    await guest.patch(`${ITEMS}/${theirs}`, { selected: false });
    for (const id of [shared, theirs]) await admin.patch(`/v1/admin/skus/${id}`, { price: '9.00' });
    await holding(guest, [shared, 1]);
    const [before, [, was]] = [await user.cart(), (await guest.cart()).items];

    const { body } = await merge(user, guest);
    const [first, second, third] = body.items;
    const { addedAt } = before.items[1]!;
    expect(first).toMatchObject({ skuId: theirs, selected: false, addPrice: '2.00', addedAt: was!.addedAt });
    expect(second).toMatchObject({ skuId: own, selected: true });
    expect(third).toMatchObject({ skuId: shared, quantity: 3, selected: false, addPrice: '1.00', addedAt });
  });

  it('with select=unselected unselects what the user had before', async () => {
    const [shared, theirs, own] = await api.skus({}, {}, {});
    const user = await holding(await api.login(), [shared, 2], [own, 1]);
    const guest = await holding(await api.guest(), [shared, 1], [theirs, 3]);
    const { body } = await merge(user, guest, { select: 'unselected' });
    const flags = Object.fromEntries(body.items.map(({ skuId, selected }) => [skuId, selected]));
    expect(flags).toEqual({ [own!]: false, [shared!]: false, [theirs!]: true });
    expect(body.badge).toEqual({ skus: 3, quantity: 7, selectedSkus: 1, selectedQuantity: 3 });
    await drained(user.id);
  });

  it('is cut by limits, never by stock, and never takes from what the user had', async () => {
    const [summed, over, fresh, scarce] = await api.skus({}, {}, {}, { stock: 5 });
    const user = await holding(await api.login(), [summed, 60], [over, 50], [scarce, 4]);
    const guest = await holding(await api.guest(), [summed, 60], [over, 10], [fresh, 30], [scarce, 4]);
    for (const id of [over, fresh]) await admin.patch(`/v1/admin/skus/${id}`, { purchaseLimit: 20 });
    const { body } = await merge(user, guest);
    expect(body.merge.items).toEqual([
      { skuId: scarce, outcome: 'summed', quantity: 8, requested: 8 },
      { skuId: fresh, outcome: 'clipped', quantity: 20, requested: 30 },
      { skuId: over, outcome: 'clipped', quantity: 50, requested: 60 },
      { skuId: summed, outcome: 'clipped', quantity: 99, requested: 120 },
    ]);
    const item = body.items.find(({ skuId }) => skuId === scarce)!;
    expect(item.problems).toEqual([{ code: 'INSUFFICIENT_STOCK', available: 5 }]);
    expect(quantities(body)).toEqual({ [summed!]: 99, [over!]: 50, [fresh!]: 20, [scarce!]: 8 });
  });

  it('lets the guest’s newest items in first when the cart is too small, and names the others', async () => {
    const [a, b, c, d, e, f, g] = await api.skus({}, {}, {}, {}, {}, {}, {});
    const user = await holding(await api.login(), [a, 1], [b, 1], [c, 1]);
    const guest = await holding(await api.guest(), [d, 1], [a, 1], [e, 2], [f, 3], [g, 4]);
    const { body } = await merge(user, guest);
    expect(body.merge.items).toEqual([
      { skuId: g, outcome: 'added', quantity: 4, requested: 4 },
      { skuId: f, outcome: 'added', quantity: 3, requested: 3 },
      { skuId: e, outcome: 'rejected', quantity: 0, requested: 2 },
      { skuId: a, outcome: 'summed', quantity: 2, requested: 2 },
      { skuId: d, outcome: 'rejected', quantity: 0, requested: 1 },
    ]);
    expect(body.badge).toMatchObject({ skus: 5, quantity: 11 });
    expect((await guest.cart()).items).toEqual([]);
  });

  it('takes items along that cannot be bought by now', async () => {
    const [off, gone] = await api.skus({}, {});
    const user = await api.login();
    const guest = await holding(await api.guest(), [off, 1], [gone, 2]);
    await admin.patch(`/v1/admin/skus/${off}`, { status: 'off' });
    await admin.delete(`/v1/admin/skus/${gone}`);
    const { body } = await merge(user, guest);
    expect(body.merge.items.map(({ outcome }) => outcome)).toEqual(['added', 'added']);
    expect(body).toMatchObject({
      invalidItems: [gone, off],
      items: [
        { invalidReason: 'SKU_GONE', price: null },
        { invalidReason: 'OFF_SHELF', selected: false },
      ],
    });
  });
});

describe('after a merge', () => {
  it('the guest’s cart is closed: empty to read, and every write is refused', async () => {
    const [a] = await api.skus({});
    const user = await api.login();
    const guest = await holding(await api.guest(), [a, 2]);
    const { version } = await guest.cart();
    await merge(user, guest);
    const closed = await guest.get<{ version: string }>('/v1/cart');
    expect(closed).toMatchObject({ status: 200, body: { items: [], badge: { quantity: 0 } } });
    expect(BigInt(closed.body.version)).toBeGreaterThan(BigInt(version));
    for (const answer of [
      await guest.add(a!),
      await guest.patch(`${ITEMS}/${a}`, { delta: 1 }),
      await guest.delete(`${ITEMS}/${a}`),
      await guest.delete('/v1/cart'),
      await guest.post('/v1/cart/undo'),
    ]) {
      expect(answer).toMatchObject({ status: 409, body: { code: 'GUEST_CART_MERGED' } });
    }
    const another = await holding(await api.guest(), [a, 3]);
    expect((await merge(user, another)).body.merge).toMatchObject({ replayed: false, items: [{ quantity: 5 }] });
  });

  it('its repeat answers what the first came to, beside the cart as it is now', async () => {
    const [a, b] = await api.skus({}, {});
    const user = await holding(await api.login(), [a, 1]);
    const guest = await holding(await api.guest(), [a, 2]);
    const first = await merge(user, guest);
    await holding(user, [b, 1]);
    const now = await user.cart();
    const repeats = [await merge(user, guest), await merge(user, guest, { strategy: 'skip' }, { 'if-match': '"1"' })];
    for (const { status, body } of repeats) {
      expect(status).toBe(200);
      expect(body).toEqual({ ...now, merge: { ...first.body.merge, replayed: true } });
    }
  });

  it('the rows are in MySQL when the answer comes, and the change log says how they came', async () => {
    const [a, b] = await api.skus({}, {});
    const user = await holding(await api.login(), [a, 1]);
    await drained(user.id);
    const guest = await holding(await api.guest(), [a, 2], [b, 3]);
    const { body } = await merge(user, guest);
    const rows = await database.query<{ product_sku_id: string; product_sku_num: number; version: string }>(
      'SELECT product_sku_id, product_sku_num, version FROM cart WHERE user_id = ? AND is_deleted = 0',
      [user.id],
    );
    expect(body.merge.persisted).toBe(true);
    expect(rows.map((row) => [String(row.product_sku_id), row.product_sku_num]).sort()).toEqual(
      Object.entries(quantities(body)).sort(),
    );
    await eventually(async () => {
      const logged = await database.query<object>(
        "SELECT * FROM cart_change_log WHERE owner_kind = 'user' AND owner_id = ? AND source = 'merge'",
        [user.id],
      );
      expect(logged).toHaveLength(2);
    });
  });
});

describe('a merge at a version the client has not seen', () => {
  it('is refused, gives the guest the cart back, and can be made at the right one', async () => {
    const [a, b] = await api.skus({}, {});
    const user = await holding(await api.login(), [a, 1]);
    const guest = await holding(await api.guest(), [b, 2]);
    const stale = `"${(await user.cart()).version}"`;
    await holding(user, [a, 1]);
    const before = await user.cart();
    const refused = await merge(user, guest, {}, { 'if-match': stale });
    expect(refused).toMatchObject({ status: 412, body: { code: 'VERSION_MISMATCH', cart: before } });
    expect((await guest.add(b!, 1)).status).toBe(201);
    expect(await user.cart()).toEqual(before);
    const merged = await merge(user, guest, {}, { 'if-match': `"${before.version}"` });
    expect(quantities(merged.body)).toEqual({ [a!]: 2, [b!]: 3 });
  });
});

describe('S3: another user', () => {
  it('gets one answer for an empty, an unknown, and a guest cart somebody else has merged', async () => {
    const [a] = await api.skus({});
    const [owner, stranger] = [await api.login(), await holding(await api.login(), [a, 1])];
    const merged = await holding(await api.guest(), [a, 2]);
    await merge(owner, merged);
    const [unknown, empty] = [await api.guest(), await holding(await api.guest(), [a, 1])];
    await empty.delete('/v1/cart');
    const before = await stranger.cart();
    const answers = [];
    for (const guest of [unknown, empty, merged]) {
      for (const terms of [{}, { strategy: 'overwrite', select: 'unselected' }]) {
        const { status, body, headers } = await merge(stranger, guest, terms);
        const { id, ...rest } = body.merge;
        expect(id).toMatch(/^[\w-]{22}$/);
        const names = [...headers.keys()].sort();
        answers.push(JSON.stringify({ status, names, ...body, merge: rest }));
      }
    }
    expect(new Set(answers).size).toBe(1);
    expect(JSON.parse(answers[0]!)).toMatchObject({
      status: 200,
      merge: { replayed: false, items: [], persisted: true },
    });
    expect(await stranger.cart()).toEqual(before);
    expect((await merge(owner, merged)).body.merge).toMatchObject({ replayed: true, items: [{ quantity: 2 }] });
    // An empty cart was closed for nobody.
    expect((await empty.add(a!)).status).toBe(201);
  });

  it('cannot forge one, and a guest cannot merge', async () => {
    const [user, guest] = [await api.login(), await api.guest()];
    for (const clientCartId of ['x', `${guest.id}x`, guest.id.replace(/.$/, (c) => (c === 'A' ? 'B' : 'A'))]) {
      expect(await user.post('/v1/cart/merge', { clientCartId })).toMatchObject({
        status: 401,
        body: { code: 'INVALID_CLIENT_CART_ID' },
      });
    }
    expect((await guest.post('/v1/cart/merge', { clientCartId: guest.id })).status).toBe(401);
    for (const body of [{}, { clientCartId: guest.id, strategy: 'add' }, { clientCartId: guest.id, select: true }]) {
      expect((await user.post('/v1/cart/merge', body)).status).toBe(400);
    }
  });
});

describe('a repeat with an Idempotency-Key', () => {
  it('replays the outcome, also of a merge of nothing', async () => {
    const [a] = await api.skus({});
    const user = await api.login();
    const guest = await api.guest();
    const [nothing, something] = [{ 'idempotency-key': 'nothing' }, { 'idempotency-key': 'something' }];
    expect((await merge(user, guest, {}, nothing)).body.merge.items).toEqual([]);
    await holding(guest, [a, 2]);
    const replayed = await merge(user, guest, {}, nothing);
    expect([replayed.headers.get('idempotent-replayed'), replayed.body.merge.items]).toEqual(['true', []]);
    const first = await merge(user, guest, {}, something);
    const again = await merge(user, guest, {}, something);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.body).toEqual(first.body);
    expect((await merge(user, guest, { strategy: 'max' }, something)).status).toBe(422);
  });
});
