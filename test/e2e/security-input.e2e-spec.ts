import { execFileSync } from 'node:child_process';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Answer, Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { type Route, routesOf } from '../support/routes.js';
import { freshSkuId } from '../support/services.js';

/** A Redis of its own: what is sent here shall not be in anybody's way. */
let redis: RedisServer;
let app: AppProcess;
let api: Api;
let admin: Shopper;
let user: Shopper;
let skuId: string;
/** Routes of the cart that take a body. */
let writes: Route[];
let bodyless: Route[];

beforeAll(async () => {
  redis = await RedisServer.start();
  app = await AppProcess.start({
    REDIS_URL: redis.url,
    TRANSPORT: 'in-process',
    MAX_SKUS: '1000',
    CORS_ORIGINS: 'https://shop.example,https://m.shop.example',
  });
  api = new Api(app.url);
  admin = await api.admin();
  user = await api.login();
  [skuId] = (await api.skus({ price: 1234 })) as [string];
  const routes = await routesOf(api);
  const changing = routes.filter(({ method, path }) => method !== 'GET' && path.startsWith('/v1/cart'));
  writes = changing.filter((route) => route.body({}) !== undefined);
  bodyless = changing.filter((route) => route.body({}) === undefined);
});
afterAll(async () => {
  await app.stop();
  await redis.stop();
});

async function raw(method: string, path: string, body: string | Uint8Array, headers: Record<string, string> = {}) {
  const answer = await fetch(app.url + path, {
    method,
    headers: { ...user.headers, 'content-type': 'application/json', ...headers },
    body,
  });
  return { status: answer.status, body: (await answer.json()) as any };
}

/** Bytes as they are; what the server answers until it hangs up, and after how many ms it did. */
function bytes(text: string, drip?: string): Promise<{ answer: string; ms: number }> {
  const began = performance.now();
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1', () => socket.write(text));
    const timer = drip === undefined ? undefined : setInterval(() => socket.write(drip), 500);
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(timer);
      resolve({ answer, ms: performance.now() - began });
    });
  });
}

/** A request is read on only for a caller who is known. */
const identity = () => `Authorization: ${user.headers['authorization']}\r\n`;

const expectInvalid = (answer: { status: number; body: unknown }, what: unknown) =>
  expect({ what, ...answer }).toMatchObject({ what, status: 400, body: { code: 'VALIDATION_FAILED' } });

describe('S6: sizes and times', () => {
  it('refuses what is too large, too deep or too many, and does not grow', async () => {
    const rss = () => Number(execFileSync('ps', ['-o', 'rss=', '-p', String(app.pid)], { encoding: 'utf8' })) / 1024;
    const large = Buffer.alloc(1024 * 1024, ' ');
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    const many = (count: number) => Array.from({ length: count }, () => ({ skuId, quantity: 1 }));
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024, ' '), { level: 9 });
    const attack = async () => {
      expect((await raw('POST', '/v1/cart/items', large)).status).toBe(413);
      expect((await raw('PUT', '/v1/admin/skus', deep, admin.headers)).status).toBe(400);
      expect((await raw('POST', '/v1/cart/items', bomb, { 'content-encoding': 'gzip' })).status).toBe(415);
      expect((await user.post('/v1/cart/items/batch', { items: many(10_000) })).status).toBe(413);
    };
    for (let i = 0; i < 5; i++) await attack();
    const before = rss();
    for (let i = 0; i < 50; i++) await attack();
    expect(rss() - before).toBeLessThan(100);

    const chunk = `8000\r\n${' '.repeat(0x8000)}\r\n`;
    const head = `POST /v1/cart/items HTTP/1.1\r\nHost: x\r\n${identity()}Content-Type: application/json\r\n`;
    const chunked = await bytes(`${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(5)}`);
    expect(chunked.answer).toMatch(/^HTTP\/1.1 413 /);
    expectInvalid(await user.post('/v1/cart/items/batch', { items: many(101) }), 'batch');
    const ids = Array.from({ length: 1001 }, (_, i) => String(i + 1));
    expectInvalid(await user.post('/v1/cart/items/remove', { skuIds: ids }), 'skuIds');
    const header = await bytes(
      `GET /v1/cart HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${'x'.repeat(64 * 1024)}\r\n\r\n`,
    );
    expect(header.answer).toMatch(/^HTTP\/1.1 431 /);
  });

  it('ends connections that send drop by drop, and serves the others meanwhile', async () => {
    const start = 'POST /v1/cart/items HTTP/1.1\r\nHost: x\r\n';
    const head = `${start}X-Slow: `;
    // It is refused at once, and then read on for as long as a request may take.
    const large = bytes(
      `${start}${identity()}Content-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n`,
      'x',
    );
    let ended = 0;
    const slow = Array.from({ length: 200 }, async () => {
      const connection = await bytes(head, 'x');
      ended += 1;
      return connection;
    });
    const served = async () => {
      expect((await user.get('/v1/cart')).status).toBe(200);
      expect(ended).toBe(slow.length);
    };
    await eventually(served, { timeoutMs: 40_000, intervalMs: 500 });
    for (const { answer, ms } of await Promise.all(slow)) {
      expect(answer).toMatch(/^HTTP\/1.1 408 /);
      expect(answer).toContain('"code":"REQUEST_TIMEOUT"');
      expect(ms).toBeLessThan(30_000);
    }
    expect((await large).answer).toMatch(/^HTTP\/1.1 413 /);
  });
});

describe('S7 S16: fields that are not asked for', () => {
  it('are refused by every route of the cart', async () => {
    const fields = {
      price: '0.01',
      addPrice: '0.01',
      addAmount: 1,
      version: '9',
      isDeleted: 0,
      userId: '1',
      createTime: '2020-01-01',
      currency: 'XXX',
      totals: { payable: '0.00' },
      selectedStatus: 1,
    };
    const clientCartId = (await api.guest()).id;
    expect(writes.length).toBeGreaterThan(5);
    for (const route of writes) {
      const path = route.path.replace('{skuId}', skuId);
      for (const [field, value] of Object.entries(fields)) {
        const body = { ...(route.body({ skuId, quantity: 1, clientCartId }) as object), [field]: value };
        // The key is what a checkout asks for first.
        const answer = await raw(route.method, path, JSON.stringify(body), { 'idempotency-key': 'key' });
        expectInvalid(answer, `${route.method} ${path} ${field}`);
        expect(answer.body.errors).toEqual(expect.arrayContaining([expect.objectContaining({ field })]));
      }
    }
    expect((await user.add(skuId)).body.items[0]).toMatchObject({ addPrice: '12.34', price: '12.34' });
    expect((await user.cart()).totals).toMatchObject({ goods: '12.34', payable: '12.34' });
  });

  it('are refused where a route has none, such as the one that empties a cart', async () => {
    const { version } = (await user.add(skuId)).body;
    expect(bodyless.length).toBeGreaterThan(3);
    for (const { method, path } of bodyless) {
      const answer = await raw(method, path.replace('{skuId}', skuId), JSON.stringify({ skuIds: ['1'] }));
      expectInvalid(answer, `${method} ${path}`);
      expect(answer.body.errors).toMatchObject([{ field: 'skuIds' }]);
    }
    expect(await user.cart()).toMatchObject({ version });
  });
});

describe('S8: names that mean something on every object', () => {
  const names = ['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString'];

  it.each(names)('%s is refused as a field, a SKU and a parameter, and a key like any other', async (name) => {
    for (const body of [
      `{"${name}":{"polluted":1},"skuId":"${skuId}","quantity":1}`,
      `{"skuId":"${skuId}","quantity":1,"x":{"${name}":{"polluted":1}}}`,
      `{"skuId":"${name}","quantity":1}`,
      `[{"${name}":1}]`,
    ]) {
      expectInvalid(await raw('POST', '/v1/cart/items', body), body);
    }
    expectInvalid(await user.delete(`/v1/cart/items/${name}`), name);
    expectInvalid(await user.get(`/v1/cart?${name}=1`), name);
    const shopper = await api.login();
    expect((await shopper.add(skuId, 1, { 'idempotency-key': name })).status).toBe(201);
    const again = await shopper.add(skuId, 1, { 'idempotency-key': name });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect((await shopper.cart()).badge.quantity).toBe(1);
    expect(Object.keys(await shopper.cart())).not.toContain('polluted');
  });
});

describe('S9: quantities', () => {
  const wrong = [
    '-1',
    '-0',
    '1.5',
    '1e309',
    '-1e309',
    '2147483648',
    '9007199254740993',
    '"5"',
    '"5e1"',
    'null',
    'true',
    '[5]',
    '{}',
  ];

  it.each([...wrong, '0'])('%s is no quantity to add', async (quantity) => {
    const before = await user.cart();
    for (const [path, body] of [
      ['/v1/cart/items', `{"skuId":"${skuId}","quantity":${quantity}}`],
      ['/v1/cart/items/batch', `{"items":[{"skuId":"${skuId}","quantity":${quantity}}]}`],
    ] as const) {
      expectInvalid(await raw('POST', path, body), body);
    }
    expect(await user.cart()).toEqual(before);
  });

  it.each(wrong)('%s is no quantity to set', async (quantity) => {
    expectInvalid(await raw('PATCH', `/v1/cart/items/${skuId}`, `{"quantity":${quantity}}`), quantity);
  });

  it.each(['0', '-0', '1.5', '1e309', '-2147483648', '2147483648', '"1"', 'null', '[1]'])(
    '%s is no delta',
    async (delta) => {
      expectInvalid(await raw('PATCH', `/v1/cart/items/${skuId}`, `{"delta":${delta}}`), delta);
    },
  );

  it('that pass alone and exceed together do not pass together, at once or in turn', async () => {
    const shopper = await api.login();
    expect((await shopper.add(skuId, 60)).status).toBe(201);
    expect(await shopper.add(skuId, 60)).toMatchObject({
      status: 409,
      body: { code: 'QUANTITY_LIMIT', errors: [{ maximum: 99, requested: 120 }] },
    });
    const other = await api.login();
    const both = await Promise.all([other.add(skuId, 60), other.add(skuId, 60)]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect((await other.cart()).badge.quantity).toBe(60);
    const items = Array.from({ length: 3 }, () => ({ skuId, quantity: 2_147_483_647 }));
    expect(await other.post('/v1/cart/items/batch', { items })).toMatchObject({ status: 409 });
    expect(await other.patch(`/v1/cart/items/${skuId}`, { delta: 2_147_483_647 })).toMatchObject({ status: 409 });
  });
});

describe('S10: ids', () => {
  const wrong = [
    '0',
    '007',
    '+1',
    '-1',
    '0x1',
    '1e3',
    '1.0',
    ' 1',
    '１２',
    '١٢',
    '1\u0000',
    '1\u202e',
    '9223372036854775808',
    '9'.repeat(10_240),
  ];

  it.each(wrong.map((id) => [id.slice(0, 20), id] as const))('%j is no id', async (_start, id) => {
    expectInvalid(await user.add(id), id.slice(0, 20));
    expectInvalid(await user.post('/v1/cart/items/remove', { skuIds: [skuId, id] }), id.slice(0, 20));
    expectInvalid(await user.put('/v1/cart/selection', { scope: 'shop', shopId: id, selected: true }), id.slice(0, 20));
    const inPath = await user.delete(`/v1/cart/items/${encodeURIComponent(id)}`);
    expect(inPath.status).toBe(id.length > 8000 ? 431 : 400);
  });

  it('that are JSON numbers are refused: they would have been rounded', async () => {
    expectInvalid(await raw('POST', '/v1/cart/items', '{"skuId":9007199254740993,"quantity":1}'), 'number');
  });

  it('a thousand of them above 2^53 come back as they were sent, from Redis and from MySQL', async () => {
    const first = 9_223_372_036_854_775_807n - BigInt(freshSkuId()) * 1000n;
    const ids = Array.from({ length: 1000 }, (_, i) => String(first + BigInt(i)));
    expect(first).toBeGreaterThan(2n ** 53n);
    await api.skus(...ids.map((id) => ({ skuId: id })));
    const shopper = await api.login();
    for (let i = 0; i < ids.length; i += 100) {
      const items = ids.slice(i, i + 100).map((id) => ({ skuId: id, quantity: 1 }));
      expect((await shopper.post('/v1/cart/items/batch', { items })).status).toBe(200);
    }
    const of = (list: { skuId: string }[]) => list.map((item) => item.skuId).sort();
    expect(of((await shopper.cart()).items)).toEqual(ids);
    await eventually(async () => {
      const { body } = await admin.get(`/v1/admin/carts/${shopper.id}/diff`);
      expect(body.inSync).toBe(true);
      expect(of((body.items as any[]).filter((item) => item.mysql))).toEqual(ids);
    });
    await shopper.post('/v1/cart/items/remove', { skuIds: ids.slice(1) });
    expect(of((await shopper.cart()).items)).toEqual(ids.slice(0, 1));
  });
});

describe('S11 S12: text that looks like SQL, Lua or Redis', () => {
  const texts = [
    "' OR 1=1-- ",
    "\\' OR ''='",
    '"; DROP TABLE cart; #',
    '%00',
    '*',
    '{p00}:cart:user:1',
    "}]] redis.call('FLUSHALL') --[[",
    '${jndi:ldap://x} #{7*7} {{7*7}}',
  ];

  it.each(texts)('%s is text, and comes back as it was', async (text) => {
    const odd = freshSkuId();
    const sku = { skuId: odd, skuCode: text, shopId: '7', shopName: text, name: text, image: text, spec: text };
    const put = await admin.put('/v1/admin/skus', [{ ...sku, price: '1.00', stock: 5, status: 'on' }]);
    expect(put.status).toBe(200);
    // A code belongs to one SKU, also when the test is repeated.
    onTestFinished(async () => void (await admin.delete(`/v1/admin/skus/${odd}`)));
    const shopper = await api.login();
    await shopper.add(skuId);
    await shopper.add(odd, 1, /^[\x21-\x7e]+$/.test(text) ? { 'idempotency-key': text } : {});
    const cart = await shopper.cart();
    expect(cart.items).toHaveLength(2);
    expect(cart.items[0]!.snapshot).toMatchObject({ name: text, image: text, spec: text, skuCode: text });
    expect(cart.groups[0]).toMatchObject({ id: '7', name: text });
    const found = await api.call('GET', `/v1/skus?q=${encodeURIComponent(text)}`);
    expect(found.status).toBe(200);
    for (const one of found.body.skus)
      expect(`${one.name} ${one.skuCode}`.toLowerCase()).toContain(text.trim().toLowerCase());
    const inParameters = ['shopId', 'spuId', 'cursor'].map((name) => `/v1/skus?${name}=${encodeURIComponent(text)}`);
    for (const path of [...inParameters, `/v1/cart?group=${encodeURIComponent(text)}`]) {
      expectInvalid(await shopper.get(path), path);
    }
    expectInvalid(await shopper.delete(`/v1/cart/items/${encodeURIComponent(text)}`), text);
    expectInvalid(await shopper.add(odd, 1, { 'if-match': text }).then(toStarOr400(text)), text);
    expect((await admin.get(`/v1/admin/carts/${encodeURIComponent(text)}/diff`)).status).toBe(400);
  });

  /** `*` is a good If-Match; everything else of the list is not. */
  const toStarOr400 = (text: string) => (answer: Answer) =>
    text === '*' && answer.status === 201 ? { status: 400, body: { code: 'VALIDATION_FAILED' } } : answer;

  it('control characters are refused where a page would show them, and in a header', async () => {
    const sku = { skuId: freshSkuId(), skuCode: 'x', shopId: '7', price: '1.00', stock: 5, status: 'on' };
    for (const name of ['a\r\nSET x 1\r\n', 'a\u0000b', '\u001b[31m']) {
      expectInvalid(await admin.put('/v1/admin/skus', [{ ...sku, name }]), name);
    }
    expectInvalid(await api.call('GET', '/v1/skus?q=%00'), 'q');
    const { answer } = await bytes('GET /v1/cart HTTP/1.1\r\nHost: x\r\nX-Client-Cart-Id: a\u0000b\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
  });
});

describe('A14: half a surrogate pair', () => {
  it('A14: is refused by every route that takes a body, in any text, as a name too', async () => {
    const { body: document } = await api.call('GET', '/docs/openapi.json');
    const routes = Object.entries(document.paths as Record<string, Record<string, { requestBody?: unknown }>>)
      .flatMap(([path, methods]) => Object.entries(methods).map(([method, one]) => ({ path, method, one })))
      .filter(({ one }) => one.requestBody !== undefined);
    expect(routes.length).toBeGreaterThan(15);
    for (const { path, method } of routes) {
      for (const body of [String.raw`{"any":["\ud83d"]}`, String.raw`[{"\udc4e":1}]`]) {
        const answer = await fetch(app.url + path.replaceAll(/\{\w+\}/g, '1'), {
          method: method.toUpperCase(),
          headers: { ...admin.headers, 'content-type': 'application/json', 'idempotency-key': 'a14' },
          body,
        });
        const problem = (await answer.json()) as { code: string; detail: string };
        expect([path, answer.status, problem.code]).toEqual([path, 400, 'VALIDATION_FAILED']);
        expect(problem.detail).toMatch(/surrogate/);
      }
    }
  });
});

describe('S15: Idempotency-Key', () => {
  const key = { 'idempotency-key': 'checkout-"1"/*{}' };

  it('belongs to one owner, one route and one body', async () => {
    const [one, two] = [await api.login(), await api.login()];
    expect((await one.add(skuId, 2, key)).status).toBe(201);
    expect((await two.add(skuId, 3, key)).body.badge.quantity).toBe(3);
    expect(await one.add(skuId, 4, key)).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    expect((await one.patch(`/v1/cart/items/${skuId}`, { delta: 1 }, key)).body.badge.quantity).toBe(3);
    const replayed = await one.add(skuId, 2, key);
    expect(replayed).toMatchObject({ status: 201, body: { badge: { quantity: 3 } } });
    expect(replayed.headers.get('idempotent-replayed')).toBe('true');
  });

  it('sent many times at once makes one change', async () => {
    const shopper = await api.login();
    const answers = await Promise.all(Array.from({ length: 20 }, () => shopper.add(skuId, 2, key)));
    for (const { status, body } of answers) {
      expect(status === 201 || body.code === 'IDEMPOTENCY_IN_PROGRESS').toBe(true);
    }
    expect((await shopper.cart()).badge.quantity).toBe(2);
  });

  it.each(['', ' ', 'x'.repeat(256), 'x'.repeat(300), 'two words', 'schlüssel'])('"%s" is none', async (bad) => {
    expectInvalid(await user.add(skuId, 1, { 'idempotency-key': Buffer.from(bad).toString('latin1') }), bad);
  });
});

describe('S20: what a browser is told', () => {
  const preflight = (origin: string, path = '/v1/cart/items', method = 'POST') =>
    api.call('OPTIONS', path, { headers: { origin, 'access-control-request-method': method } });

  it('a page of a listed origin may call the API and read what it needs', async () => {
    const allowed = await preflight('https://shop.example');
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://shop.example');
    expect(allowed.headers.get('access-control-allow-methods')).toBe('POST');
    const sendable = allowed.headers.get('access-control-allow-headers')!.toLowerCase();
    for (const name of ['authorization', 'x-client-cart-id', 'idempotency-key', 'if-match', 'content-type', 'prefer']) {
      expect(sendable).toContain(name);
    }
    const answer = await user.get('/v1/cart', { origin: 'https://m.shop.example' });
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://m.shop.example');
    expect(answer.headers.get('vary')).toContain('Origin');
    for (const name of ['etag', 'x-client-cart-id', 'retry-after', 'idempotent-replayed', 'location']) {
      expect(answer.headers.get('access-control-expose-headers')!.toLowerCase()).toContain(name);
    }
    const refused = await api.call('GET', '/v1/cart', { headers: { origin: 'https://shop.example' } });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://shop.example');
  });

  it.each([
    'https://evil.example',
    'https://shop.example.evil.example',
    'http://shop.example',
    'https://shop.example:444',
    'https://evil.shop.example',
    'null',
    '*',
  ])('a page of %s may not', async (origin) => {
    for (const answer of [await preflight(origin), await user.get('/v1/cart', { origin })]) {
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
    expect((await preflight(origin)).status).toBe(405);
  });

  it('nobody may send credentials of a browser, and other addresses have no preflight', async () => {
    expect((await preflight('https://shop.example')).headers.get('access-control-allow-credentials')).toBeNull();
    expect((await preflight('https://shop.example', '/v1/nowhere')).status).toBe(404);
    expect((await preflight('https://shop.example', '/metrics', 'GET')).status).toBe(405);
  });

  it.each(['TRACE', 'CONNECT', 'PROPFIND', 'MKCOL', 'HACK'])('%s is nothing we do', async (method) => {
    const target = method === 'CONNECT' ? 'evil.example:80' : '/v1/cart';
    const { answer } = await bytes(
      `${method} ${target} HTTP/1.1\r\nHost: x\r\nX-Secret: canary\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^(HTTP\/1.1 40[045] |$)/);
    expect(answer).not.toContain('canary');
  });

  it('every answer says what it is and where it may be shown', async () => {
    for (const answer of [await user.get('/v1/cart'), await api.call('GET', '/v1/nowhere'), await user.add('0')]) {
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(answer.headers.get('cache-control')).toBe('private, no-store');
      expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      for (const name of ['server', 'x-powered-by', 'set-cookie']) expect(answer.headers.get(name)).toBeNull();
    }
  });
});
