import { SignJWT } from 'jose';
import { RedisConnection } from '@app/redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerTo } from '../fuzz/raw-bytes.js';
import { type Answer, Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { type Route, routesOf } from '../support/routes.js';
import { freshUserId, services, testVariables } from '../support/services.js';

/** The one route of the role `payment`. */
const PAY = '/v1/orders/{orderId}/pay';
const NO_ORDER = '9223372036854775807';

let app: AppProcess;
let api: Api;
let routes: Route[];
let skuId: string;
let victim: Shopper;

beforeAll(async () => {
  app = await AppProcess.start();
  api = new Api(app.url);
  routes = await routesOf(api);
  [skuId] = (await api.skus({})) as [string];
  victim = await api.login();
  await victim.add(skuId, 3);
});
afterAll(() => app.stop());

/** The address of a route, aimed at the victim. */
function aimed({ path }: Route): string {
  return path
    .replace('{userId}', victim.id)
    .replace('{skuId}', skuId)
    .replace('{orderId}', NO_ORDER)
    .replaceAll(/\{\w+\}/g, '1');
}

/** Sends a request and reads no more than the status and, unless it is a stream, the body. */
async function send(route: Route, headers: Record<string, string>, body?: unknown, query = '') {
  const answer = await fetch(app.url + aimed(route) + query, {
    method: route.method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const isJson = /json/.test(answer.headers.get('content-type') ?? '');
  if (!isJson) await answer.body?.cancel();
  return { status: answer.status, body: isJson ? ((await answer.json()) as any) : undefined };
}

async function token(claims: Record<string, unknown> = {}, secret = testVariables()['JWT_SECRET']!): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const good = { sub: victim.id, iss: 'shopping-cart', aud: 'shopping-cart', exp: now + 600, roles: ['admin'] };
  return new SignJWT({ ...good, ...claims }).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(Buffer.from(secret));
}

const bearer = (jwt: string) => ({ authorization: `Bearer ${jwt}` });

/** What nobody but the victim may change or see. */
async function stateOfVictim() {
  const { updatedAt: _, ...cart } = (await victim.cart()) as any;
  return cart;
}

describe('S1 S4: every route, every identity', () => {
  it('S4 the document knows every route, and only these ask nobody who they are', () => {
    const open = routes.filter(({ access }) => access === 'public').map(({ method, path }) => `${method} ${path}`);
    expect(open.sort()).toEqual([
      'GET /health/live',
      'GET /health/ready',
      'GET /metrics',
      'GET /v1/skus',
      'GET /v1/skus/{skuId}',
      'POST /v1/dev/login',
      'POST /v1/guest-carts',
    ]);
    const admin = routes.filter(({ path }) => path.startsWith('/v1/admin/'));
    expect(admin.length).toBeGreaterThan(5);
    for (const route of admin) expect(route).toMatchObject({ access: 'role' });
  });

  it('S1 nobody gets in without a good token, whatever else they send', async () => {
    const before = await stateOfVictim();
    const { 'x-client-cart-id': guestId } = (await api.guest()).headers;
    const past = Math.floor(Date.now() / 1000) - 600;
    const nobody: Record<string, Record<string, string>> = {
      'no identity': {},
      'an expired token': bearer(await token({ exp: past })),
      'a token signed by somebody else': bearer(await token({}, 'a secret of somebody else, also 32 bytes')),
      'a token for another service': bearer(await token({ aud: 'mail' })),
      'a token without a signature': bearer((await token()).replace(/[^.]*$/, '')),
      'a bad token beside a good guest': { ...bearer('nonsense'), 'x-client-cart-id': guestId! },
      'the id of a user as a guest': { 'x-client-cart-id': victim.id },
      'a forged guest': { 'x-client-cart-id': guestId!.slice(0, -4) + 'AAAA' },
      'the id of a user in a header': { 'x-user-id': victim.id, cookie: `userId=${victim.id}` },
    };
    for (const route of routes.filter(({ access }) => access !== 'public')) {
      for (const [name, headers] of Object.entries(nobody)) {
        const { status } = await send(route, headers, route.body({ skuId, userId: victim.id, quantity: 1 }));
        expect({ route: `${route.method} ${route.path}`, name, status }).toMatchObject({ status: 401 });
      }
    }
    expect(await stateOfVictim()).toEqual(before);
  });

  it('B7: decides who is asking and the role before a byte of the body is there, on every route', async () => {
    const user = await api.login();
    // The body is announced and never sent: a server that waits for it has no answer.
    const head = (route: Route, headers: Record<string, string>) =>
      [
        `${route.method} ${aimed(route)} HTTP/1.1`,
        'host: x',
        'content-type: application/json',
        'content-length: 2000000',
        ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      ].join('\r\n') + '\r\n\r\n';
    const statusOf = async (route: Route, headers: Record<string, string>) => {
      const answer = await answerTo(app.url, Buffer.from(head(route, headers)));
      return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
    };
    const wrong: unknown[] = [];
    for (const route of routes.filter(({ access, method }) => access !== 'public' && method !== 'GET')) {
      const name = `${route.method} ${route.path}`;
      const unknown = await statusOf(route, {});
      if (unknown !== 401) wrong.push({ name, unknown });
      if (route.access !== 'role' || route.path === PAY) continue;
      const known = await statusOf(route, user.headers);
      if (known !== 403) wrong.push({ name, known });
    }
    expect(wrong).toEqual([]);
  });

  it('S4 a guest gets no further than a shopper, a user without the role no further than a user', async () => {
    const before = await stateOfVictim();
    const guest = await api.guest();
    const user = await api.login(undefined, ['payment', 'Admin', 'administrator']);
    const clientCartId = (await api.guest()).id;
    for (const route of routes.filter(({ access }) => access !== 'public')) {
      const body = route.body({ skuId, quantity: 1, clientCartId });
      const name = `${route.method} ${route.path}`;
      const asGuest = (await send(route, guest.headers, body)).status;
      if (route.access === 'shopper') expect({ name, status: asGuest }).not.toMatchObject({ status: 401 });
      else expect({ name, status: asGuest }).toEqual({ name, status: 401 });
      const asUser = (await send(route, user.headers, body)).status;
      // Whose word that is: an order that does not exist is not paid.
      if (route.path === PAY) expect({ name, status: asUser }).toEqual({ name, status: 404 });
      else if (route.access === 'role') expect({ name, status: asUser }).toEqual({ name, status: 403 });
      else expect([401, 403], name).not.toContain(asUser);
    }
    expect(await stateOfVictim()).toEqual(before);
  });

  it("S1 no path, query, header or body names somebody else's cart", async () => {
    const before = await stateOfVictim();
    for (const attacker of [await api.login(), await api.guest()]) {
      for (const route of routes.filter(({ path }) => path.startsWith('/v1/cart'))) {
        const names = { userId: victim.id, ownerId: victim.id, owner: `user:${victim.id}` };
        const headers = { ...attacker.headers, 'x-user-id': victim.id, 'x-forwarded-user': victim.id };
        const query = `?${new URLSearchParams(names).toString()}`;
        const body = route.body({ skuId, quantity: 1, clientCartId: (await api.guest()).id });
        const answer = await send(route, headers, body, query);
        expect(answer.status, `${route.method} ${route.path}`).toBeLessThan(500);
        if (answer.body?.owner) expect(answer.body.owner.id).not.toBe(victim.id);
        if (body !== undefined) {
          const named = await send(route, headers, { ...(body as object), userId: victim.id });
          expect(named, `${route.method} ${route.path}`).toMatchObject({
            status: route.access === 'user' && attacker.headers['x-client-cart-id'] ? 401 : 400,
          });
        }
      }
    }
    expect(await stateOfVictim()).toEqual(before);
  });
});

describe('S2: a guest id is a secret of the server', () => {
  it.each([
    'my-cart',
    '2f1acc6c-8f3e-4c7c-9b7d-2d1e4a7f6f0a',
    'v1.k1.AAAAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    'user:1',
    '*',
    '',
  ])('one that was chosen by the client never makes a cart: %s', async (chosen) => {
    const headers = { 'x-client-cart-id': chosen };
    const answer = await new Shopper(api, '', headers).add(skuId);
    expect(answer).toMatchObject({ status: 401, body: { code: 'INVALID_CLIENT_CART_ID' } });
    expect(answer.headers.get('x-client-cart-id')).toBeNull();
    const redis = new RedisConnection({ url: services().redisUrl });
    await redis.connect();
    const random = chosen.split('.')[2] ?? chosen;
    expect(await redis.command(['EXISTS', `cart:guest:${chosen}`, `cart:guest:${random}`])).toBe(0);
    await redis.close();
  });

  it('is never told to anybody', async () => {
    const guest = await api.guest();
    const [, , random] = guest.id.split('.');
    const added = await guest.add(skuId, 1, { prefer: 'return=representation' });
    expect(JSON.stringify([added.body, await guest.cart(), [...added.headers]])).not.toContain(random);
  });
});

describe('S3: merging needs the secret of the guest and the token of the user', () => {
  const merge = (who: Shopper, clientCartId: string) => who.post('/v1/cart/merge', { clientCartId });

  it('the one without the other is refused, and nothing is merged', async () => {
    const guest = await api.guest();
    await guest.add(skuId, 2);
    expect(await merge(guest, guest.id)).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
    expect(await merge(new Shopper(api, '', {}), guest.id)).toMatchObject({ status: 401 });
    const random = guest.id.split('.')[2]!;
    const user = await api.login();
    for (const guess of [random, `guest:${random}`, guest.id.slice(0, -1), `${guest.id}x`, '', user.id]) {
      expect(await merge(user, guess)).toMatchObject({ status: 401, body: { code: 'INVALID_CLIENT_CART_ID' } });
    }
    expect((await user.cart()).version).toBe('0');
    expect((await guest.cart()).badge.quantity).toBe(2);
  });

  it('the guest id is dead afterwards, and a repeat by the same user changes nothing', async () => {
    const [guest, user] = [await api.guest(), await api.login()];
    await guest.add(skuId, 2);
    expect((await merge(user, guest.id)).body).toMatchObject({ badge: { quantity: 2 }, merge: { replayed: false } });
    expect(await guest.add(skuId)).toMatchObject({ status: 409, body: { code: 'GUEST_CART_MERGED' } });
    expect((await guest.cart()).items).toEqual([]);
    const again = await merge(user, guest.id);
    expect(again.body).toMatchObject({ badge: { quantity: 2 }, merge: { replayed: true } });
  });

  it('an empty, an unknown and a foreign guest cart cannot be told apart', async () => {
    const [empty, used] = [await api.guest(), await api.guest()];
    await used.add(skuId, 2);
    await merge(await api.login(), used.id);
    const cleared = await api.guest();
    await cleared.add(skuId);
    await cleared.delete('/v1/cart');
    const user = await api.login();
    await user.add(skuId, 5);
    const before = await user.cart();
    const said: unknown[] = [];
    for (const { id } of [empty, used, cleared]) {
      const { status, headers, body } = await merge(user, id);
      expect(body.merge.id).toMatch(/^[\w-]+$/);
      expect(body.merge.items).toEqual([]);
      const names = [...headers.keys()].sort();
      said.push(JSON.parse(JSON.stringify({ status, names, body }).replaceAll(body.merge.id, 'id')));
    }
    expect(said[1]).toEqual(said[0]);
    expect(said[2]).toEqual(said[0]);
    expect(await user.cart()).toEqual(before);
  });
});

/** The middle of the times of one lies well inside the range of the other's. */
async function expectAlike(one: () => Promise<Answer>, other: () => Promise<Answer>): Promise<void> {
  const times: [number[], number[]] = [[], []];
  for (let i = 0; i < 200; i++) {
    for (const [list, call] of [[times[0], one] as const, [times[1], other] as const]) {
      const began = performance.now();
      await call();
      list.push(performance.now() - began);
    }
  }
  const [a, b] = times.map((list) => list.sort((x, y) => x - y)) as [number[], number[]];
  for (const [list, within] of [[a, b] as const, [b, a] as const]) {
    expect(list[100]!).toBeGreaterThan(within[10]!);
    expect(list[100]!).toBeLessThan(within[190]!);
  }
}

describe('S19: a refusal tells nothing', () => {
  it('about which part of a guest id was wrong', async () => {
    const good = (await api.guest()).id;
    const [version, kid, random, mac] = good.split('.');
    const wrong = [
      // The first letter: of the last one two bits are padding, and two fixed letters may be those it has.
      `${version}.${kid}.${random}.${mac!.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))}`,
      `${version}.other.${random}.${mac}`,
      'x',
      'v2.a.b.c',
    ];
    const bodies = await Promise.all(
      wrong.map(async (id) => (await new Shopper(api, '', { 'x-client-cart-id': id }).get('/v1/cart')).body),
    );
    for (const body of bodies) expect(body).toEqual(bodies[0]);
  });

  it('about whether a user or a guest has a cart', async () => {
    const [known, unknown] = [victim, await api.login(freshUserId())];
    const asAdmin = bearer(await token({ sub: freshUserId(), roles: [] }));
    const diff = (id: string) => api.call('GET', `/v1/admin/carts/${id}/diff`, { headers: asAdmin });
    expect((await diff(known.id)).body).toEqual((await diff(unknown.id)).body);
    const other = await api.login();
    const item = (id: string) => other.patch(`/v1/cart/items/${id}`, { delta: 1 });
    const elsewhere = await item(skuId);
    const [nowhere] = (await api.skus({})) as [string];
    expect(elsewhere.body).toEqual(JSON.parse(JSON.stringify((await item(nowhere)).body).replaceAll(nowhere, skuId)));
  });

  it('by the time it takes', async () => {
    const { headers } = await api.guest();
    const forged = headers['x-client-cart-id']!.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A'));
    const read = (id: string) => () => api.call('GET', '/v1/cart', { headers: { 'x-client-cart-id': id } });
    const unknownKey = forged.replace('.k1.', '.k9.');
    await expectAlike(read(forged), read(unknownKey));

    const [fresh, merged, user] = [await api.guest(), await api.guest(), await api.login()];
    await merged.add(skuId);
    await (await api.login()).post('/v1/cart/merge', { clientCartId: merged.id });
    const merge = (clientCartId: string) => () => user.post('/v1/cart/merge', { clientCartId });
    await expectAlike(merge(fresh.id), merge(merged.id));
  });
});
