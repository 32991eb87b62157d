import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CartOwner, CartStore } from '@app/cart';
import type { CartItem } from '@app/database';
import { keys, RedisConnection } from '@app/redis';
import { newSku, ruleOf, toAdd } from '../support/factories.js';
import { freshUserId, services, testEnv } from '../support/services.js';

const env = testEnv();
const redis = new RedisConnection({ url: `${services().redisUrl}/4` });
const store = new CartStore(redis, env);

beforeAll(() => redis.connect());
afterAll(() => redis.close());

const limits = { maxSkus: 120, maximumOf: () => 99 };
const guest = (): CartOwner => ({ kind: 'guest', id: `guest-${freshUserId()}` });
const itemsOf = async (owner: CartOwner) => (await store.read(owner))!.items;
const idsOf = (items: readonly CartItem[]) => new Set(items.map(({ skuId }) => skuId));
const skuIdsOf = async (owner: CartOwner) => (await itemsOf(owner)).map(({ skuId }) => skuId);

async function guestWith(...skus: ReturnType<typeof newSku>[]): Promise<CartOwner> {
  const owner = guest();
  for (const sku of skus) await store.add(owner, toAdd(env, sku, 2), {});
  return owner;
}

describe('a cold cart', () => {
  it('is not changed by any script: each asks for a load', async () => {
    const owner: CartOwner = { kind: 'user', id: freshUserId() };
    const sku = newSku();
    const answers = [
      await store.add(owner, toAdd(env, sku), {}),
      await store.update(owner, { skuId: sku.skuId, rule: ruleOf(env, sku), change: { mode: 'set', amount: 0 } }, {}),
      await store.changeSpec(
        owner,
        { skuId: '1', to: { skuId: sku.skuId, sku, rule: ruleOf(env, sku), isVariant: true } },
        {},
      ),
      await store.remove(owner, [sku.skuId], {}),
      await store.clear(owner, {}),
      await store.select(owner, { scope: 'all', judged: new Map() }, false, {}),
      await store.undo(owner, undefined, limits, {}),
    ];
    expect(answers.map(({ code }) => code)).toEqual(answers.map(() => 'NEED_LOAD'));
    expect(await redis.command(['EXISTS', keys.cart(`user:${owner.id}`)])).toBe(0);
  });
});

describe('clearing invalid items', () => {
  it('leaves alone what was removed and added again since they were looked at', async () => {
    const [stays, goes] = [newSku(), newSku()];
    const owner = await guestWith(stays, goes);
    const seen = await itemsOf(owner);
    await store.remove(owner, [stays.skuId], {});
    await store.add(owner, toAdd(env, stays, 5), {});
    expect((await store.clearInvalid(owner, seen, idsOf(seen), {})).code).toBe('OK');
    expect(await itemsOf(owner)).toMatchObject([{ skuId: stays.skuId, quantity: 5 }]);
  });

  it('takes an item that has only changed since', async () => {
    const sku = newSku();
    const owner = await guestWith(sku);
    const seen = await itemsOf(owner);
    await store.add(owner, toAdd(env, sku, 5), {});
    await store.clearInvalid(owner, seen, idsOf(seen), {});
    expect(await itemsOf(owner)).toEqual([]);
  });

  it('wants another look when there is an item that was not looked at, such as one an undo brought back', async () => {
    const [stays, back] = [newSku(), newSku()];
    const owner = await guestWith(stays, back);
    await store.remove(owner, [back.skuId], {});
    const seen = await itemsOf(owner);
    await store.undo(owner, await store.latestRemoval(owner), limits, {});
    expect(await store.clearInvalid(owner, seen, new Set(), {})).toEqual({ code: 'CHANGED' });
    const all = await itemsOf(owner);
    expect((await store.clearInvalid(owner, all, new Set([back.skuId]), {})).code).toBe('OK');
    expect(await itemsOf(owner)).toMatchObject([{ skuId: stays.skuId }]);
  });
});

describe('undo', () => {
  it('brings back only the removal that was looked at', async () => {
    const [first, second] = [newSku(), newSku()];
    const owner = await guestWith(first, second);
    await store.remove(owner, [first.skuId], {});
    const looked = await store.latestRemoval(owner);
    await store.remove(owner, [second.skuId], {});
    expect(await store.undo(owner, looked, limits, {})).toEqual({ code: 'CHANGED' });
    expect(await store.undo(owner, undefined, limits, {})).toEqual({ code: 'CHANGED' });
    expect(await itemsOf(owner)).toEqual([]);
    expect((await store.undo(owner, await store.latestRemoval(owner), limits, {})).code).toBe('OK');
    expect(await skuIdsOf(owner)).toEqual([second.skuId]);
  });

  it('can be done for ten minutes, once', async () => {
    const owner = await guestWith(newSku());
    await store.clear(owner, {});
    const key = keys.undo(`guest:${owner.id}`);
    const ttl = await redis.command<number>(['TTL', key]);
    expect(ttl).toBeGreaterThan(590);
    expect(ttl).toBeLessThanOrEqual(600);
    const removal = await store.latestRemoval(owner);
    expect((await store.undo(owner, removal, limits, {})).code).toBe('OK');
    expect(await redis.command(['EXISTS', key])).toBe(0);
    expect(await store.undo(owner, removal, limits, {})).toEqual({ code: 'CHANGED' });
  });

  it('stays possible when nothing fitted: nothing was brought back', async () => {
    const [gone, here] = [newSku(), newSku()];
    const owner = await guestWith(gone, here);
    await store.remove(owner, [gone.skuId], {});
    const removal = await store.latestRemoval(owner);
    expect(await store.undo(owner, removal, { ...limits, maxSkus: 1 }, {})).toMatchObject({
      code: 'REFUSED',
      lines: [{ skuId: gone.skuId, words: ['rejected', 'CART_FULL', '0', '1'] }],
    });
    expect((await store.undo(owner, removal, limits, {})).code).toBe('OK');
  });

  it('brings back a thousand items in one change', async () => {
    const owner = guest();
    const additions = Array.from({ length: 25 }, () => newSku()).map((sku) => toAdd(env, sku).additions[0]!);
    for (let i = 0; i < 40; i++) {
      const batch = additions.map((one, n) => ({ ...one, skuId: String(1_000_000 + i * 100 + n) }));
      await store.add(owner, { additions: batch, mode: 'atomic', maxSkus: 10_000 }, {});
    }
    const before = await itemsOf(owner);
    await store.clear(owner, {});
    const removal = await store.latestRemoval(owner);
    const result = await store.undo(owner, removal, { ...limits, maxSkus: 10_000 }, {});
    expect(result.code).toBe('OK');
    const strip = (items: typeof before) => items.map(({ version: _, changedAt: __, ...item }) => item);
    expect(strip(await itemsOf(owner))).toEqual(strip(before));
  });
});

describe('a selection', () => {
  it('does not select what the caller found invalid, and counts what it does', async () => {
    const [valid, invalid] = [newSku(), newSku()];
    const owner = await guestWith(valid, invalid);
    await store.select(owner, { scope: 'all', judged: new Map() }, false, {});
    const judged = new Map([
      [valid.skuId, true],
      [invalid.skuId, false],
    ]);
    const result = await store.select(owner, { scope: 'all', judged }, true, {});
    expect(result).toMatchObject({ cart: { badge: { skus: 2, selectedSkus: 1, selectedQuantity: 2 } } });
    expect((await itemsOf(owner)).map(({ selected }) => selected)).toEqual([false, true]);
  });

  it('wants another look when it would select what was not looked at', async () => {
    const [seen, unseen] = [newSku(), newSku({ shopId: '8' })];
    const owner = await guestWith(seen, unseen);
    const judged = new Map([[seen.skuId, true]]);
    // What is selected already needs no look, nor does what is not meant.
    expect((await store.select(owner, { scope: 'all', judged }, true, {})).code).toBe('OK');
    await store.select(owner, { scope: 'all', judged: new Map() }, false, {});
    for (const scope of ['all', 'shop'] as const) {
      expect(await store.select(owner, { scope, judged }, true, {})).toEqual({ code: 'CHANGED' });
    }
    expect((await itemsOf(owner)).map(({ selected }) => selected)).toEqual([false, false]);
  });

  it('A4: of a shop takes the items its caller names, and wants another look at others, also to unselect', async () => {
    const [other, meant] = [
      newSku({ shopId: '1', name: '"shopId":"2"', spec: '\\"shopId\\":\\"2\\"' }),
      newSku({ shopId: '2' }),
    ];
    const owner = await guestWith(other, meant, newSku({ shopId: '22' }));
    const judged = new Map((await itemsOf(owner)).map(({ skuId }) => [skuId, skuId === meant.skuId]));
    expect((await store.select(owner, { scope: 'shop', judged }, false, {})).code).toBe('OK');
    const added = newSku({ shopId: '2' });
    await store.add(owner, toAdd(env, added), {});
    expect(await store.select(owner, { scope: 'shop', judged }, false, {})).toEqual({ code: 'CHANGED' });
    await store.remove(owner, [added.skuId], {});
    const unselected = (await itemsOf(owner)).filter(({ selected }) => !selected).map(({ skuId }) => skuId);
    expect(unselected).toEqual([meant.skuId]);
  });
});
