import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { CartOwner, CartStore, FrozenCart, MergeStore, MergeTerms, ownerKey } from '@app/cart';
import { parseOutboxEntry } from '@app/database';
import { IdempotencyClaim, IdempotencyStore } from '@app/identity';
import { keys, RedisConnection } from '@app/redis';
import { newSku, toAdd } from '../support/factories.js';
import { freshUserId, services, testEnv } from '../support/services.js';

const env = testEnv();
// A database of its own in Redis: no service relays from its outbox, and no sweeper looks at its merges.
const redis = new RedisConnection({ url: `${services().redisUrl}/4` });
const carts = new CartStore(redis, env);
const store = new MergeStore(redis, env);

beforeAll(() => redis.connect());
afterAll(() => redis.close());

const SUM: MergeTerms = { strategy: 'sum', select: 'keep' };
const MERGED = { code: 'REFUSED', lines: [{ skuId: '', words: ['GUEST_CART_MERGED'] }] };
const limits = { maxSkus: 120, maximumOf: () => 99 };

const guestOwner = (): CartOwner => ({ kind: 'guest', id: `guest-${freshUserId()}` });
const raw = (owner: CartOwner) => redis.command<string[]>(['HGETALL', keys.cart(ownerKey(owner))]);
const quantities = async (owner: CartOwner) =>
  Object.fromEntries((await carts.read(owner))!.items.map(({ skuId, quantity }) => [skuId, quantity]));
const pending = (guest: CartOwner) => redis.command(['ZSCORE', keys.merging, guest.id]);

async function loadedUser(): Promise<CartOwner> {
  const owner: CartOwner = { kind: 'user', id: freshUserId() };
  await carts.beginLoad(owner, 'token');
  await carts.restore(owner, { token: 'token', maxVersion: '0', items: [] });
  return owner;
}

/** A user and a guest who both hold `shared`; the guest also holds `own`, added last. */
async function twoCarts() {
  const [user, guest] = [await loadedUser(), guestOwner()];
  const [shared, own] = [newSku(), newSku()];
  await carts.add(user, toAdd(env, shared, 2), {});
  await carts.add(guest, toAdd(env, shared, 3), {});
  await carts.add(guest, toAdd(env, own, 1), {});
  return { user, guest, shared, own };
}

async function frozen(guest: CartOwner, user: CartOwner, terms: MergeTerms = SUM): Promise<FrozenCart> {
  const cart = await store.freeze(guest.id, user.id, terms);
  if (cart === undefined || cart === 'merged') throw new Error(`not frozen: ${String(cart)}`);
  return cart;
}

describe('freezing a guest’s cart', () => {
  it('hands its items out, newest first, and closes it to every write', async () => {
    const { user, guest, shared, own } = await twoCarts();
    const cart = await frozen(guest, user);
    expect(cart).toMatchObject({ ...SUM, items: [{ skuId: own.skuId }, { skuId: shared.skuId, quantity: 3 }] });
    const before = await raw(guest);
    expect([
      await carts.add(guest, toAdd(env, newSku()), {}),
      await carts.remove(guest, [own.skuId], {}),
      await carts.clear(guest, {}),
      await carts.select(guest, { scope: 'all', judged: new Map() }, false, {}),
      await carts.undo(guest, undefined, limits, {}),
    ]).toEqual(Array.from({ length: 5 }, () => MERGED));
    expect(await raw(guest)).toEqual(before);
    expect(await carts.read(guest)).toMatchObject({ items: [], badge: { quantity: 0 } });
  });

  it('again goes on under the terms it began with', async () => {
    const { user, guest } = await twoCarts();
    await frozen(guest, user, { strategy: 'max', select: 'unselected' });
    expect(await frozen(guest, user, SUM)).toMatchObject({ strategy: 'max', select: 'unselected' });
    expect(await store.freeze(guest.id, user.id, undefined)).toMatchObject({ strategy: 'max' });
  });

  it('by somebody else is as if there were no cart; so are an empty and an unknown one', async () => {
    const { user, guest, own, shared } = await twoCarts();
    const other = await loadedUser();
    await frozen(guest, user);
    const empty = guestOwner();
    await carts.add(empty, toAdd(env, own), {});
    await carts.clear(empty, {});
    for (const { id } of [guest, empty, guestOwner()]) {
      expect(await store.freeze(id, other.id, SUM)).toBeUndefined();
    }
    expect((await carts.add(empty, toAdd(env, shared), {})).code).toBe('OK');
  });

  it('without terms begins nothing: a sweeper must not merge what was just given back', async () => {
    const { user, guest, own } = await twoCarts();
    expect(await store.freeze(guest.id, user.id, undefined)).toBeUndefined();
    expect((await carts.add(guest, toAdd(env, own), {})).code).toBe('OK');
    expect(await pending(guest)).toBeNull();
  });
});

describe('giving a frozen cart back', () => {
  it('lets a repeat of what was refused meanwhile try again; of what is merged for good it stays refused', async () => {
    const { user, guest, own } = await twoCarts();
    const request = { key: `idem:test:${guest.id}`, hash: 'body' };
    const claim = async () => {
      const answer = await new IdempotencyStore(redis).claim(request);
      return 'claim' in answer ? answer.claim : answer.answer;
    };
    const first = (await claim()) as IdempotencyClaim;
    const add = (one: IdempotencyClaim) => carts.add(guest, toAdd(env, own), { claim: one });
    await frozen(guest, user);
    expect(await add(first)).toEqual(MERGED);
    await store.unfreeze(guest.id, user.id);
    expect((await add(first)).code).toBe('OK');

    const other = { ...first, key: `${first.key}:other` };
    const cart = await frozen(guest, user);
    await store.apply(user.id, guest.id, cart, limits, {});
    await store.close(guest.id, user.id);
    expect(await add(other)).toEqual(MERGED);
    expect(await redis.command(['GET', other.key])).toBe('done body REFUSED;- GUEST_CART_MERGED');
  });

  it('lets the guest go on as before', async () => {
    const { user, guest, own } = await twoCarts();
    const before = await raw(guest);
    await frozen(guest, user);
    await store.unfreeze(guest.id, user.id);
    expect(await raw(guest)).toEqual(before);
    expect(await pending(guest)).toBeNull();
    expect((await carts.add(guest, toAdd(env, own), {})).code).toBe('OK');
  });

  it('is for its user alone, and not once another attempt has joined: that one may have applied it', async () => {
    const { user, guest, own } = await twoCarts();
    await frozen(guest, user);
    await store.unfreeze(guest.id, (await loadedUser()).id);
    expect(await carts.add(guest, toAdd(env, own), {})).toEqual(MERGED);
    await frozen(guest, user);
    await store.unfreeze(guest.id, user.id);
    expect(await carts.add(guest, toAdd(env, own), {})).toEqual(MERGED);
    expect(await pending(guest)).not.toBeNull();
  });
});

describe('applying it to the user’s cart', () => {
  it('happens once; a repeat answers what the first came to, whatever version it would accept', async () => {
    const { user, guest, shared, own } = await twoCarts();
    const cart = await frozen(guest, user);
    const lines = [
      { skuId: own.skuId, words: ['added', '1', '1'] },
      { skuId: shared.skuId, words: ['summed', '5', '5'] },
    ];
    const first = await store.apply(user.id, guest.id, cart, limits, {});
    expect(first).toMatchObject({ code: 'OK', lines: [{ words: ['applied'] }, ...lines] });
    const version = 'cart' in first && first.cart.version;
    for (const options of [{}, { ifMatch: ['1'] }]) {
      expect(await store.apply(user.id, guest.id, cart, limits, options)).toMatchObject({
        code: 'OK',
        cart: { version },
        lines: [{ words: ['replayed'] }, ...lines],
      });
    }
    expect(await quantities(user)).toEqual({ [shared.skuId]: 5, [own.skuId]: 1 });
  });

  it('is refused at another version, and then leaves no record', async () => {
    const { user, guest, shared } = await twoCarts();
    const cart = await frozen(guest, user);
    expect(await store.apply(user.id, guest.id, cart, limits, { ifMatch: ['1'] })).toMatchObject({
      code: 'VERSION_MISMATCH',
      cart: { badge: { quantity: 2 } },
    });
    expect(await redis.command(['EXISTS', keys.merge(`user:${user.id}`, guest.id)])).toBe(0);
    expect(await quantities(user)).toEqual({ [shared.skuId]: 2 });
  });

  it('asks for a load first when the user’s cart is cold, and changes nothing', async () => {
    const { guest, user: warm } = await twoCarts();
    const cold: CartOwner = { kind: 'user', id: freshUserId() };
    const cart = await frozen(guest, warm);
    expect(await store.apply(cold.id, guest.id, cart, limits, {})).toEqual({ code: 'NEED_LOAD' });
    expect(await raw(cold)).toEqual([]);
    expect(await redis.command(['EXISTS', keys.merge(`user:${cold.id}`, guest.id)])).toBe(0);
  });

  it('is one change with one event of source merge', async () => {
    const { user, guest } = await twoCarts();
    const cart = await frozen(guest, user);
    const result = await store.apply(user.id, guest.id, cart, limits, {});
    const entries = await redis.command<[string, string[]][]>(['XRANGE', keys.outbox, '-', '+']);
    const changes = entries.map(([, fields]) => parseOutboxEntry(fields)).filter(({ owner }) => owner.id === user.id);
    expect(changes).toHaveLength(2);
    expect(changes[1]).toMatchObject({
      action: 'merge',
      source: 'merge',
      version: 'cart' in result && result.cart.version,
    });
    expect(changes[1]!.items.map(({ before, quantity }) => [before, quantity]).sort()).toEqual([
      [0, 1],
      [2, 5],
    ]);
  });
});

describe('closing it', () => {
  it('leaves a mark that only its user knows the meaning of, as long as a guest’s cart lives', async () => {
    const { user, guest, own } = await twoCarts();
    await store.apply(user.id, guest.id, await frozen(guest, user), limits, {});
    await store.close(guest.id, user.id);
    expect((await raw(guest)).filter((_, i) => i % 2 === 0).sort()).toEqual(['@', '_']);
    expect(await redis.command(['TTL', keys.cart(ownerKey(guest))])).toBeGreaterThan(2_591_900);
    expect(await pending(guest)).toBeNull();
    expect(await store.freeze(guest.id, user.id, SUM)).toBe('merged');
    expect(await store.freeze(guest.id, (await loadedUser()).id, SUM)).toBeUndefined();
    expect(await carts.add(guest, toAdd(env, own), {})).toEqual(MERGED);
  });

  it('by anybody else, or before it was frozen, takes nothing away', async () => {
    const { user, guest } = await twoCarts();
    const before = await raw(guest);
    await store.close(guest.id, user.id);
    expect(await raw(guest)).toEqual(before);
    await frozen(guest, user);
    await store.close(guest.id, (await loadedUser()).id);
    expect(await frozen(guest, user)).toMatchObject({ items: [{}, {}] });
  });

  it('that meets something foreign changes nothing at all', async () => {
    const { user, guest } = await twoCarts();
    await frozen(guest, user);
    const before = await raw(guest);
    await redis.command(['SET', keys.removed(ownerKey(guest)), 'foreign']);
    await expect(store.close(guest.id, user.id)).rejects.toThrow('WRONGTYPE');
    expect(await raw(guest)).toEqual(before);
  });
});

describe('the merges under way', () => {
  it('are known by guest and user from the first step to the last', async () => {
    const { user, guest } = await twoCarts();
    const unfinished = async () =>
      (await store.unfinished(-1_000, 1_000_000)).filter(({ guestId }) => guestId === guest.id);
    expect(await unfinished()).toEqual([]);
    const cart = await frozen(guest, user);
    expect(await unfinished()).toEqual([{ guestId: guest.id, userId: user.id }]);
    expect((await store.unfinished(60_000, 1_000_000)).map(({ guestId }) => guestId)).not.toContain(guest.id);
    await store.apply(user.id, guest.id, cart, limits, {});
    expect(await unfinished()).toHaveLength(1);
    await store.close(guest.id, user.id);
    expect(await unfinished()).toEqual([]);
  });

  it('are forgotten when the guest’s cart is gone, and looked at later when they cannot be finished', async () => {
    const { user, guest } = await twoCarts();
    await frozen(guest, user);
    await redis.command(['ZADD', keys.merging, '1', guest.id]);
    await store.postpone(guest.id, user.id);
    expect(Number(await pending(guest))).toBeGreaterThan(Date.now() - 10_000);
    await redis.command(['DEL', keys.cart(ownerKey(guest))]);
    const found = (await store.unfinished(-1_000, 1_000_000)).find(({ guestId }) => guestId === guest.id);
    expect(found).toEqual({ guestId: guest.id, userId: undefined });
    await store.postpone(guest.id, undefined);
    expect(await pending(guest)).toBeNull();
  });
});

describe('B18', () => {
  it('B18: tells by the clock of Redis alone how old a merge is', async () => {
    const [guest, user] = [freshUserId(), freshUserId()];
    await carts.add({ kind: 'guest', id: guest }, toAdd(env, newSku()), {});
    await store.freeze(guest, user, { strategy: 'sum', select: 'keep' });
    const found = async () => (await store.unfinished(60_000, 1_000_000)).some(({ guestId }) => guestId === guest);
    onTestFinished(() => void vi.useRealTimers());
    // A clock that is an hour ahead: the merge has only just begun all the same.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    expect(await found()).toBe(false);
    await store.postpone(guest, user);
    vi.setSystemTime(Date.now() - 7_200_000);
    const isListed = async () => (await store.unfinished(-1_000, 1_000_000)).some(({ guestId }) => guestId === guest);
    expect(await isListed()).toBe(true);
  });
});
