import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CartStore } from '@app/cart';
import { parseOutboxEntry } from '@app/database';
import { hashGuestId } from '@app/identity';
import { keys, RedisConnection } from '@app/redis';
import { newItem, newSku, ruleOf, toAdd } from '../support/factories.js';
import { freshUserId, services, testEnv } from '../support/services.js';

const env = testEnv({ MAX_SKUS: '3' });
// A database of its own in Redis: no service relays from its outbox.
const redis = new RedisConnection({ url: `${services().redisUrl}/4` });
const store = new CartStore(redis, env);

beforeAll(() => redis.connect());
afterAll(() => redis.close());

async function loadedUser(): Promise<{ kind: 'user'; id: string }> {
  const owner = { kind: 'user', id: freshUserId() } as const;
  await store.beginLoad(owner, 'token');
  expect(await store.restore(owner, { token: 'token', maxVersion: '0', items: [] })).toBe('OK');
  return owner;
}

/** The changes of one owner that stand in the outbox, oldest first. */
async function outboxOf(id: string) {
  const entries = await redis.command<[string, string[]][]>(['XRANGE', keys.outbox, '-', '+']);
  return entries.map(([, fields]) => parseOutboxEntry(fields)).filter((change) => change.owner.id === id);
}

describe('a change of a cart', () => {
  it('changes item, version, counters, index and outbox in one step', async () => {
    const owner = await loadedUser();
    const sku = newSku();
    const first = await store.add(owner, toAdd(env, sku, 2), {});
    const second = await store.add(owner, toAdd(env, sku, 3), {});
    expect([first.code, second.code]).toEqual(['OK', 'OK']);

    const cart = await store.read(owner);
    expect(cart).toMatchObject({
      badge: { skus: 1, quantity: 5, selectedSkus: 1, selectedQuantity: 5 },
      items: [{ skuId: sku.skuId, quantity: 5, selected: true, addPrice: 339, snapshot: { name: sku.name } }],
    });
    expect(cart!.items[0]!.version).toBe(cart!.version);
    expect(cart!.items[0]!.position).toBe(`${'cart' in first ? first.cart.version : ''}000`);

    const changes = await outboxOf(owner.id);
    expect(changes.map(({ action, items }) => [action, items[0]!.before, items[0]!.quantity])).toEqual([
      ['add', 0, 2],
      ['add', 2, 5],
    ]);
    expect(changes[1]).toMatchObject({ version: cart!.version, items: [{ ...cart!.items[0], deleted: false }] });
    expect(Number(await redis.command(['ZSCORE', keys.active, owner.id]))).toBe(changes[1]!.at);
    expect(await redis.command(['TTL', keys.cart(`user:${owner.id}`)])).toBe(-1);
  });

  it('takes the add lock first, and does nothing while somebody else holds it', async () => {
    const owner = await loadedUser();
    const name = keys.lock.add(`user:${owner.id}`);
    const [sku, lock] = [newSku(), { token: 'mine', leaseMs: 60_000 }];
    expect(await store.addUnder(lock, owner, toAdd(env, sku, 2), {})).toMatchObject({ code: 'OK' });
    expect(await redis.command(['GET', name])).toBe('mine');
    expect(await redis.command<number>(['PTTL', name])).toBeGreaterThan(30_000);

    const before = await store.read(owner);
    const other = { token: 'of somebody else', leaseMs: 60_000 };
    expect(await store.addUnder(other, owner, toAdd(env, sku, 3), {})).toEqual({ code: 'LOCKED' });
    expect(await store.read(owner)).toEqual(before);
    expect(await redis.command(['GET', name])).toBe('mine');

    // Others of the same holder go on, and a lock that is given back is free for anybody.
    expect(await store.addUnder(lock, owner, toAdd(env, sku, 1), {})).toMatchObject({ code: 'OK' });
    await redis.command(['DEL', name]);
    expect(await store.addUnder(other, owner, toAdd(env, sku, 3), {})).toMatchObject({ code: 'OK' });
    expect((await store.read(owner))!.badge.quantity).toBe(6);
    await redis.command(['DEL', name]);
  });

  it('says which device made it, if the client does', async () => {
    const [user, guest] = [await loadedUser(), { kind: 'guest', id: `guest-${freshUserId()}` } as const];
    const labels = [user.id, hashGuestId(guest.id)];
    for (const [i, owner] of [user, guest].entries()) {
      await store.add(owner, toAdd(env, newSku()), { device: 'ios-17', minimal: true });
      await store.clear(owner, { device: 'web' });
      await store.add(owner, toAdd(env, newSku()), {});
      expect((await outboxOf(labels[i]!)).map(({ device }) => device)).toEqual(['ios-17', 'web', undefined]);
    }
  });

  it('that changes nothing keeps the version and says nothing', async () => {
    const owner = await loadedUser();
    const sku = newSku();
    await store.add(owner, toAdd(env, sku, 2), {});
    const before = (await store.read(owner))!.version;
    const rule = ruleOf(env, sku);
    await store.update(owner, { skuId: sku.skuId, rule, change: { mode: 'set', amount: 2 }, selected: true }, {});
    await store.remove(owner, ['1', '2'], {});
    expect((await store.read(owner))!.version).toBe(before);
    expect(await outboxOf(owner.id)).toHaveLength(1);
  });

  it('is refused whole: nothing is written, the version stays', async () => {
    const owner = await loadedUser();
    const sku = newSku({ stock: 5 });
    await store.add(owner, toAdd(env, sku, 5), {});
    const before = await redis.command(['HGETALL', keys.cart(`user:${owner.id}`)]);
    const refused = [
      await store.add(owner, toAdd(env, sku, 1), {}),
      await store.add(owner, toAdd(env, newSku({ stock: 0 })), {}),
      await store.add(owner, toAdd(env, newSku({ status: 'off' })), {}),
      await store.add(owner, toAdd(env, newSku({ purchaseLimit: 2 }), 3), {}),
      await store.add(owner, toAdd(env, newSku()), { ifMatch: ['1'] }),
    ];
    expect(refused).toMatchObject([
      { code: 'REFUSED', lines: [{ skuId: sku.skuId, words: ['INSUFFICIENT_STOCK', '5', '6'] }] },
      { code: 'REFUSED', lines: [{ words: ['OUT_OF_STOCK'] }] },
      { code: 'REFUSED', lines: [{ words: ['SKU_OFF_SHELF'] }] },
      { code: 'REFUSED', lines: [{ words: ['QUANTITY_LIMIT', '2', '3'] }] },
      { code: 'VERSION_MISMATCH' },
    ]);
    expect(await redis.command(['HGETALL', keys.cart(`user:${owner.id}`)])).toEqual(before);
    expect(await outboxOf(owner.id)).toHaveLength(1);
  });

  it('beyond the size of a cart is refused, a repeat add is not', async () => {
    const owner = await loadedUser();
    const skus = [newSku(), newSku(), newSku()];
    for (const sku of skus) await store.add(owner, toAdd(env, sku), {});
    const refused = await store.add(owner, toAdd(env, newSku()), {});
    expect(refused).toMatchObject({ code: 'REFUSED', lines: [{ words: ['CART_FULL', '3'] }] });
    expect((await store.add(owner, toAdd(env, skus[0]!), {})).code).toBe('OK');
  });

  it('leaves a tombstone in the form of the item, and a re-add takes it away', async () => {
    const owner = await loadedUser();
    const sku = newSku();
    await store.add(owner, toAdd(env, sku, 4), {});
    await store.remove(owner, [sku.skuId], {});
    const { cart, removed } = await store.picture(owner.id);
    expect(cart!.items).toEqual([]);
    expect(removed).toMatchObject([{ skuId: sku.skuId, quantity: 0, version: cart!.version, addPrice: 339 }]);
    const [, removal] = await outboxOf(owner.id);
    expect(removal).toMatchObject({ action: 'remove', items: [{ before: 4, quantity: 0, deleted: true }] });

    await store.add(owner, toAdd(env, sku), {});
    expect((await store.picture(owner.id)).removed).toEqual([]);
  });

  it('of a guest lives thirty days from then, leaves no tombstone, and does not name the guest', async () => {
    const owner = { kind: 'guest', id: `secret-${freshUserId()}` } as const;
    const sku = newSku();
    expect(await store.read(owner)).toMatchObject({ version: '0', items: [] });
    await store.add(owner, toAdd(env, sku), {});
    expect(await redis.command(['TTL', keys.cart(`guest:${owner.id}`)])).toBeGreaterThan(2_591_900);
    await store.remove(owner, [sku.skuId], {});
    expect(await redis.command(['EXISTS', keys.removed(`guest:${owner.id}`)])).toBe(0);
    const stream = JSON.stringify(await redis.command(['XRANGE', keys.outbox, '-', '+']));
    expect(stream).not.toContain(owner.id);
  });
});

describe('a script that meets something foreign', () => {
  it('writes nothing at all: Redis does not undo what came before', async () => {
    const owner = await loadedUser();
    const key = keys.cart(`user:${owner.id}`);
    await store.add(owner, toAdd(env, newSku()), {});
    await redis.command(['HSET', key, '4', 'no item']);
    const before = await redis.command(['HGETALL', key]);
    expect(await store.clear(owner, {})).toEqual({ code: 'UNREADABLE' });
    expect(await redis.command(['HGETALL', key])).toEqual(before);
    expect(await outboxOf(owner.id)).toHaveLength(1);
  });

  it('does not change a cart whose tombstones have another type', async () => {
    const owner = await loadedUser();
    await redis.command(['SET', keys.removed(`user:${owner.id}`), 'foreign']);
    await expect(store.add(owner, toAdd(env, newSku()), {})).rejects.toThrow('WRONGTYPE');
    expect((await store.read(owner))!.items).toEqual([]);
    expect(await outboxOf(owner.id)).toEqual([]);
  });
});

describe('a cleared cart', () => {
  it('of thousands of items is one change that the outbox holds completely', async () => {
    const owner = { kind: 'user', id: freshUserId() } as const;
    const items = Array.from({ length: 2_500 }, (_, i) => newItem({ skuId: String(10_000 + i), version: '5' }));
    await store.beginLoad(owner, 'token');
    await store.restore(owner, { token: 'token', maxVersion: '5', items });
    const result = await store.clear(owner, {});
    expect(result).toMatchObject({ code: 'OK', cart: { items: [], badge: { skus: 0, quantity: 0 } } });
    const changes = await outboxOf(owner.id);
    expect(new Set(changes.flatMap((change) => change.items.map((item) => item.skuId))).size).toBe(2_500);
    expect(new Set(changes.map((change) => change.version)).size).toBe(1);
  });
});

describe('the version', () => {
  it('grows also when the clock of Redis steps back', async () => {
    const owner = { kind: 'user', id: freshUserId() } as const;
    const future = String((Date.now() + 3_600_000) * 1000);
    await store.beginLoad(owner, 'token');
    await store.restore(owner, { token: 'token', maxVersion: future, items: [] });
    const result = await store.add(owner, toAdd(env, newSku()), {});
    expect(result).toMatchObject({ code: 'OK', cart: { version: String(BigInt(future) + 1n) } });
  });
});

describe('an item', () => {
  it('is what it was after Redis has taken it over, whatever its texts and ids', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 30 });
    const owner = await loadedUser();
    await fc.assert(
      fc.asyncProperty(text, text, fc.bigInt({ min: 1n, max: 9_223_372_036_854_775_807n }), async (name, spec, id) => {
        const sku = newSku({ skuId: String(id), name, spec });
        const result = await store.add(owner, toAdd(env, sku), {});
        expect(result).toMatchObject({
          code: 'OK',
          cart: { items: [{ skuId: String(id), snapshot: { name, spec } }] },
        });
        await store.clear(owner, {});
      }),
      { numRuns: 60 },
    );
  });
});
