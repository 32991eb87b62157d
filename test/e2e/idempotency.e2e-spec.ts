import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keys, RedisConnection } from '@app/redis';
import { Answer, Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { services } from '../support/services.js';

const redis = new RedisConnection({ url: services().redisUrl });
let apps: AppProcess[];
let api: Api;
let other: Api;
let admin: Shopper;

beforeAll(async () => {
  await redis.connect();
  apps = await Promise.all([AppProcess.start(), AppProcess.start()]);
  [api, other] = apps.map((app) => new Api(app.url)) as [Api, Api];
  admin = await api.admin();
});
afterAll(async () => {
  await Promise.all(apps.map((app) => app.stop()));
  await redis.close();
});

const ITEMS = '/v1/cart/items';
const withKey = (key: string = randomUUID()) => ({ 'idempotency-key': key });
const isReplay = ({ headers }: Answer) => headers.get('idempotent-replayed') === 'true';
const quantity = async (who: Shopper) => (await who.cart()).badge.quantity;
const change = (skuId: string, patch: object) => admin.patch(`/v1/admin/skus/${skuId}`, patch);
const recordKey = (userId: string, request: string) =>
  keys.idempotency(`user:${userId}`, createHash('sha256').update(request).digest('base64url'));

describe('B4: a preview', () => {
  it('keeps nothing for an Idempotency-Key, whatever the key is', async () => {
    const [sku] = await api.skus({});
    const user = await api.login();
    await user.add(sku!, 1);
    const records = () => redis.command<string[]>(['KEYS', `idem:user:${user.id}*`]);
    const before = await records();
    const header = withKey();
    for (const [body, headers] of [
      [{}, header],
      [{ declineGifts: ['p1'] }, header],
      [{}, withKey('x'.repeat(256))],
    ] as const) {
      const answer = await user.post('/v1/cart/checkout/preview', body, headers);
      expect([answer.status, isReplay(answer)]).toEqual([200, false]);
    }
    expect(await records()).toEqual(before);
  });
});

describe('S15: a request that is repeated with its Idempotency-Key', () => {
  it('changes nothing more, and is answered the first result beside the cart as it is now', async () => {
    const [a, b, off] = await api.skus({}, {}, { status: 'off' });
    const user = await api.login();
    const header = withKey();
    const body = {
      items: [
        { skuId: a, quantity: 2 },
        { skuId: off, quantity: 1 },
      ],
      mode: 'partial',
    };
    const first = await user.post(`${ITEMS}/batch`, body, header);
    expect([first.status, isReplay(first)]).toEqual([200, false]);
    await user.add(b!, 5);
    await change(off!, { status: 'on' });

    const replay = await user.at(other).post(`${ITEMS}/batch`, body, header);
    expect([replay.status, isReplay(replay)]).toEqual([200, true]);
    expect(replay.body).toEqual({ ...(await user.cart()), results: first.body.results });
    expect(replay.headers.get('etag')).toBe(`"${replay.body.version}"`);
    expect(replay.body.badge).toMatchObject({ skus: 2, quantity: 7 });
    const minimal = await user.post(`${ITEMS}/batch`, body, { ...header, prefer: 'return=minimal' });
    expect(Object.keys(minimal.body).sort()).toEqual(['badge', 'results', 'version']);
  });

  it('is answered with the same status, on every POST and PATCH of the cart', async () => {
    const [a, b] = await api.skus({}, {});
    const user = await api.login();
    const requests: [send: (headers: Record<string, string>) => Promise<Answer>, status: number][] = [
      [(headers) => user.add(a!, 2, headers), 201],
      [(headers) => user.post(`${ITEMS}/batch`, { items: [{ skuId: b, quantity: 3 }] }, headers), 200],
      [(headers) => user.patch(`${ITEMS}/${a}`, { delta: 1 }, headers), 200],
      [(headers) => user.post(`${ITEMS}/remove`, { skuIds: [b] }, headers), 200],
      [(headers) => user.post('/v1/cart/undo', undefined, headers), 200],
    ];
    for (const [send, status] of requests) {
      const header = withKey();
      const first = await send(header);
      const again = await send(header);
      expect([first.status, isReplay(first), again.status, isReplay(again)]).toEqual([status, false, status, true]);
      expect(again.body).toEqual(first.body);
    }
    expect(await quantity(user)).toBe(6);
  });

  it('with another body is 422, in whatever it differs; white space and If-Match make no other request', async () => {
    const [a] = await api.skus({});
    const user = await api.login();
    const header = withKey();
    await user.add(a!, 2, header);
    for (const body of [
      { skuId: a, quantity: 3 },
      { skuId: a, quantity: 2, selected: true },
      { skuId: '1', quantity: 2 },
    ]) {
      expect(await user.post(ITEMS, body, header)).toMatchObject({
        status: 422,
        body: { code: 'IDEMPOTENCY_KEY_REUSED' },
      });
    }
    const spaced = await fetch(api.url + ITEMS, {
      method: 'POST',
      headers: { ...user.headers, ...header, 'content-type': 'application/json', 'if-match': '"1"' },
      body: `{ "skuId" : "${a}",\n "quantity": 2 }`,
    });
    expect([spaced.status, spaced.headers.get('idempotent-replayed')]).toEqual([201, 'true']);
    expect(await quantity(user)).toBe(2);
  });

  it('twenty times at once, over two processes, is one change', async () => {
    const [a] = await api.skus({});
    const user = await api.login();
    const header = withKey();
    const where = [user, user.at(other)];
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => where[i % 2]!.add(a!, 1, header)));
    const replays = answers.filter(isReplay);
    const made = answers.filter((answer) => answer.status === 201 && !isReplay(answer));
    const waiting = answers.filter(({ status, body }) => status === 409 && body.code === 'IDEMPOTENCY_IN_PROGRESS');
    expect(made).toHaveLength(1);
    expect(replays.length + waiting.length).toBe(19);
    for (const { headers } of waiting) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await quantity(user)).toBe(1);
    expect(isReplay(await user.add(a!, 1, header))).toBe(true);
  });
});

describe('a refusal', () => {
  it('stays a refusal though its reason is gone, with its numbers and the cart as it is now', async () => {
    const [a, b] = await api.skus({ stock: 3 }, {});
    const user = await api.login();
    const header = withKey();
    const first = await user.add(a!, 5, header);
    expect(first).toMatchObject({ status: 409, body: { code: 'INSUFFICIENT_STOCK' } });
    await change(a!, { stock: 100 });
    await user.add(b!, 1);
    const replay = await user.at(other).add(a!, 5, header);
    expect([replay.status, isReplay(replay)]).toEqual([409, true]);
    const { cart, ...problem } = replay.body;
    expect(problem).toEqual(first.body);
    expect(cart).toEqual(await user.cart());
    expect((await user.add(a!, 5, withKey())).status).toBe(201);
  });

  it('is kept of each kind: 404 and 409 of the cart, of an undo, of a merged guest', async () => {
    const [a] = await api.skus({});
    const [user, guest] = [await api.login(), await api.guest()];
    await guest.add(a!, 1);
    await user.post('/v1/cart/merge', { clientCartId: guest.id });
    const refused: [send: (headers: Record<string, string>) => Promise<Answer>, code: string][] = [
      [(headers) => user.patch(`${ITEMS}/1`, { delta: 1 }, headers), 'ITEM_NOT_FOUND'],
      [(headers) => user.add('999999999999994', 1, headers), 'SKU_NOT_FOUND'],
      [(headers) => user.post('/v1/cart/undo', undefined, headers), 'NOTHING_TO_UNDO'],
      [(headers) => guest.add(a!, 1, headers), 'GUEST_CART_MERGED'],
    ];
    for (const [send, code] of refused) {
      const header = withKey();
      const [first, again] = [await send(header), await send(header)];
      expect([first.body.code, isReplay(first), again.body.code, isReplay(again)]).toEqual([code, false, code, true]);
      expect(again.body.cart).toHaveProperty('badge');
    }
  });

  it('that says nothing about the request is not kept: 400, 401, 412', async () => {
    const [a] = await api.skus({});
    const user = await api.login();
    const header = withKey();
    expect((await user.post(ITEMS, { skuId: a }, header)).status).toBe(400);
    expect((await user.add(a!, 0, header)).status).toBe(400);
    expect((await api.call('POST', ITEMS, { body: { skuId: a, quantity: 1 }, headers: header })).status).toBe(401);
    expect((await user.add(a!, 1, { ...header, 'if-match': '"7"' })).status).toBe(412);
    const made = await user.add(a!, 1, { ...header, 'if-match': '"0"' });
    expect([made.status, isReplay(made)]).toEqual([201, false]);
  });

  it('that passes by itself is not kept: CART_BUSY', async () => {
    const app = await AppProcess.start({ LOCK_WAIT_MS: '200' });
    try {
      const [a] = await api.skus({});
      const user = (await api.login()).at(new Api(app.url));
      const lock = keys.lock.add(`user:${user.id}`);
      const header = withKey();
      await redis.command(['SET', lock, 'somebody else', 'PX', '60000']);
      expect(await user.add(a!, 1, header)).toMatchObject({ status: 409, body: { code: 'CART_BUSY' } });
      await redis.command(['DEL', lock]);
      const made = await user.add(a!, 1, header);
      expect([made.status, isReplay(made)]).toEqual([201, false]);
    } finally {
      await app.stop();
    }
  });
});

describe('a claim whose request died', () => {
  it('makes repeats wait until it lapses, then the next one is made', async () => {
    const [a] = await api.skus({});
    const user = await api.login();
    const header = withKey('of-a-dead-process');
    const hash = createHash('sha256')
      .update(JSON.stringify({ skuId: a, quantity: 1 }))
      .digest('base64url');
    const record = recordKey(user.id, `POST ${ITEMS} of-a-dead-process`);
    await redis.command(['SET', record, `running nobody ${hash}`, 'PX', '5000']);
    expect(await user.add(a!, 1, header)).toMatchObject({ status: 409, body: { code: 'IDEMPOTENCY_IN_PROGRESS' } });
    expect(await user.add(a!, 2, header)).toMatchObject({ status: 422 });
    const made = await eventually(async () => {
      const answer = await user.add(a!, 1, header);
      expect(answer.status).toBe(201);
      return answer;
    });
    expect(isReplay(made)).toBe(false);
    expect(await quantity(user)).toBe(1);
  });
});
