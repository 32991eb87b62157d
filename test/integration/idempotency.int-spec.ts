import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CartOwner, CartStore } from '@app/cart';
import { IdempotencyStore, IdempotentRequest } from '@app/identity';
import { keys, type OwnerKey, RedisConnection } from '@app/redis';
import { newSku, toAdd } from '../support/factories.js';
import { freshUserId, services, testEnv } from '../support/services.js';

const env = testEnv();
const redis = new RedisConnection({ url: `${services().redisUrl}/4` });
const carts = new CartStore(redis, env);
const store = new IdempotencyStore(redis);

beforeAll(() => redis.connect());
afterAll(() => redis.close());

const guest = (): CartOwner => ({ kind: 'guest', id: `guest-${freshUserId()}` });
const request = (hash = 'body-1'): IdempotentRequest => ({ key: keys.idempotency('user:1', randomUUID()), hash });
const recordOf = ({ key }: IdempotentRequest) => redis.command<string | null>(['GET', key]);
const quantityOf = async (owner: CartOwner) => (await carts.read(owner))!.badge.quantity;

async function claimed(one: IdempotentRequest) {
  const answer = await store.claim(one);
  if (!('claim' in answer)) throw new Error(`answered: ${answer.answer}`);
  return answer.claim;
}

describe('a claim', () => {
  it('is one request’s; the next with the same body is told to wait, with another body that the key is used', async () => {
    const one = request();
    await claimed(one);
    await expect(store.claim(one)).rejects.toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS' });
    await expect(store.claim({ ...one, hash: 'body-2' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('of a hundred at once is given to one', async () => {
    const one = request();
    const answers = await Promise.allSettled(Array.from({ length: 100 }, () => store.claim(one)));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('lapses by itself within 30 s, and can be given back by its owner alone', async () => {
    const one = request();
    const claim = await claimed(one);
    const ttl = await redis.command<number>(['TTL', one.key]);
    expect(ttl).toBeGreaterThan(0);
    expect(ttl).toBeLessThanOrEqual(30);
    await store.release({ ...claim, token: 'somebody-else' });
    await expect(store.claim(one)).rejects.toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS' });
    await store.release(claim);
    await claimed(one);
  });
});

describe('B4: the answers of one owner', () => {
  const ofOwner = (owner: OwnerKey) => ({ key: keys.idempotency(owner, randomUUID()), hash: 'body-1' });
  const keep = async (owner: OwnerKey, answer: string) => {
    const one = ofOwner(owner);
    await store.settle(await claimed(one), answer);
    return one;
  };
  const remembers = async (one: IdempotentRequest) => (await recordOf(one)) !== null;

  it('are the latest thousand; another owner keeps theirs', async () => {
    const owner: OwnerKey = `user:${freshUserId()}`;
    const others = await keep(`user:${freshUserId()}`, 'theirs');
    const kept: IdempotentRequest[] = [];
    for (let i = 0; i < 1010; i++) kept.push(await keep(owner, String(i)));
    const remembered = await Promise.all(kept.map(remembers));
    expect(remembered.lastIndexOf(false)).toBe(9);
    expect(remembered.filter(Boolean)).toHaveLength(1000);
    expect(await remembers(others)).toBe(true);
    await expect(store.claim(kept.at(-1)!)).resolves.toEqual({ answer: '1009' });
  });

  it('are a megabyte at most, but for the latest few', async () => {
    const owner: OwnerKey = `user:${freshUserId()}`;
    const large = 'x'.repeat(15_000);
    const kept: IdempotentRequest[] = [];
    for (let i = 0; i < 160; i++) kept.push(await keep(owner, large));
    const remembered = (await Promise.all(kept.map(remembers))).filter(Boolean).length;
    expect(remembered).toBeGreaterThan(50);
    expect(remembered * large.length).toBeLessThan(1024 * 1024 + 16 * large.length);
  });

  it('leave a request under way its claim, however many come after it', async () => {
    const owner: OwnerKey = `user:${freshUserId()}`;
    const running = ofOwner(owner);
    await claimed(running);
    for (let i = 0; i < 1005; i++) await keep(owner, String(i));
    await expect(store.claim(running)).rejects.toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS' });
    const index = keys.idempotencyIndex(running.key);
    expect(await redis.command<number>(['ZCARD', index])).toBeLessThanOrEqual(1001);
    expect(await redis.command<number>(['TTL', index])).toBeGreaterThan(86_000);
  });
});

describe('the script that makes the change', () => {
  it('writes the record with it, for a day; a repeat of the script changes nothing and hears the result', async () => {
    const owner = guest();
    const one = request();
    const claim = await claimed(one);
    const add = toAdd(env, newSku(), 3);
    expect((await carts.add(owner, add, { claim })).code).toBe('OK');
    expect(await recordOf(one)).toBe('done body-1 OK');
    expect(await redis.command(['TTL', one.key])).toBeGreaterThan(86_000);
    expect(await store.claim(one)).toEqual({ answer: 'OK' });
    expect(await carts.add(owner, add, { claim })).toEqual({ code: 'REPLAYED', stored: { code: 'OK', lines: [] } });
    expect(await quantityOf(owner)).toBe(3);
  });

  it('keeps a refusal with its numbers, and refuses on when the reason is gone', async () => {
    const owner = guest();
    const one = request();
    const claim = await claimed(one);
    const sku = newSku({ stock: 2 });
    expect((await carts.add(owner, toAdd(env, sku, 3), { claim })).code).toBe('REFUSED');
    expect(await recordOf(one)).toBe(`done body-1 REFUSED;${sku.skuId} INSUFFICIENT_STOCK 2 3`);
    expect(await carts.add(owner, toAdd(env, { ...sku, stock: 99 }, 3), { claim })).toMatchObject({
      code: 'REPLAYED',
      stored: { code: 'REFUSED', lines: [{ skuId: sku.skuId, words: ['INSUFFICIENT_STOCK', '2', '3'] }] },
    });
    expect(await quantityOf(owner)).toBe(0);
  });

  it('settles nothing when it did not look at the request: a cold cart, another version', async () => {
    const cold: CartOwner = { kind: 'user', id: freshUserId() };
    const owner = guest();
    const one = request();
    const claim = await claimed(one);
    const running = await recordOf(one);
    expect((await carts.add(cold, toAdd(env, newSku()), { claim })).code).toBe('NEED_LOAD');
    expect((await carts.add(owner, toAdd(env, newSku()), { claim, ifMatch: ['7'] })).code).toBe('VERSION_MISMATCH');
    expect(await recordOf(one)).toBe(running);
  });

  it('that comes late, after its claim has lapsed, does not repeat what another has done', async () => {
    const owner = guest();
    const one = request();
    const add = toAdd(env, newSku(), 4);
    const late = await claimed(one);
    await redis.command(['DEL', one.key]);
    const next = await claimed(one);
    expect(await carts.add(owner, add, { claim: late })).toEqual({ code: 'IDEMPOTENCY_IN_PROGRESS' });
    expect((await carts.add(owner, add, { claim: next })).code).toBe('OK');
    expect((await carts.add(owner, add, { claim: late })).code).toBe('REPLAYED');
    expect(await carts.add(owner, add, { claim: { ...late, hash: 'body-2' } })).toEqual({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
    expect(await quantityOf(owner)).toBe(4);
  });

  it('looks at the record before anything else: a repeat with an old If-Match is a repeat', async () => {
    const owner = guest();
    const one = request();
    const claim = await claimed(one);
    const options = { claim, ifMatch: ['0'] };
    const add = toAdd(env, newSku());
    expect((await carts.add(owner, add, options)).code).toBe('OK');
    expect((await carts.add(owner, add, options)).code).toBe('REPLAYED');
  });
});

describe('an answer that no script has settled', () => {
  it('is kept by the claim’s owner alone', async () => {
    const one = request();
    const claim = await claimed(one);
    await store.settle({ ...claim, token: 'somebody-else' }, 'theirs');
    await expect(store.claim(one)).rejects.toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS' });
    await store.settle(claim, '{"body":\n"with spaces"}');
    expect(await store.claim(one)).toEqual({ answer: '{"body":\n"with spaces"}' });
    await store.release(claim);
    expect(await store.claim(one)).toHaveProperty('answer');
  });
});
