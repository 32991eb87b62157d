import 'reflect-metadata';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Body, Controller, Get, Module, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiOkResponse, type OpenAPIObject } from '@nestjs/swagger';
import {
  ApiProblems,
  AppError,
  BodyLimit,
  entriesOf,
  HttpListPipe,
  IsFlag,
  IsId,
  IsMoney,
  IsQuantity,
  ParseIdPipe,
} from '@app/common';
import { type Caller, CurrentCaller, IdentityModule, Public, Roles, Shopper, UserOnly } from '@app/identity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from './app.setup.js';

class AddDto {
  @IsId()
  skuId!: string;

  @IsQuantity()
  quantity!: number;

  @IsFlag({ optional: true })
  selected?: boolean;
}

class PriceDto {
  @IsId()
  skuId!: string;

  @IsMoney()
  price!: string;
}

class AdapterDown extends Error {
  readonly appCode = 'CART_UNAVAILABLE';
  readonly retryAfter = 2;
}

let handlerRan = 0;

@Controller('v1/probe')
class ProbeController {
  @Get()
  @Public()
  read(@Query('q') q?: string) {
    return { q: q ?? null };
  }

  @Post('items')
  @Shopper()
  @ApiProblems('QUANTITY_LIMIT', 'CART_FULL', 'SKU_NOT_FOUND')
  add(@Body() body: AddDto, @CurrentCaller() caller: Caller) {
    return { body, kind: caller.kind };
  }

  @Patch('items/:skuId')
  @Public()
  patch(@Param('skuId', ParseIdPipe) skuId: string) {
    return { skuId };
  }

  @Put('prices')
  @Public()
  @BodyLimit(2 * 1024 * 1024)
  @ApiOkResponse()
  prices(@Body(new HttpListPipe(entriesOf(PriceDto), 1000)) list: PriceDto[]) {
    return { count: list.length };
  }

  @Post('nothing')
  @Public()
  nothing() {
    handlerRan++;
    return {};
  }

  @Post('nothing-of-a-shopper')
  @Shopper()
  nothingOfAShopper() {
    handlerRan++;
    return {};
  }

  @Get('refused')
  @Public()
  refused() {
    throw new AppError('VERSION_MISMATCH', [{ code: 'VERSION_MISMATCH', skuId: '7' }], 'stale', {
      extra: { cart: { version: '9' }, status: 200 },
    });
  }

  @Get('bug')
  @Public()
  bug() {
    throw new Error('SELECT secret FROM cart at db-host.internal');
  }

  @Get('adapter')
  @Public()
  adapter() {
    throw new AdapterDown('connect ECONNREFUSED redis-host.internal:6379');
  }

  @Get('user')
  @UserOnly()
  user(@CurrentCaller() caller: Caller) {
    return caller;
  }

  @Get('admin')
  @Roles('admin')
  admin() {
    return {};
  }
}

const env = {
  LOG_LEVEL: 'silent',
  JWT_SECRET: 'unit-test-secret-of-32-bytes-or-more',
  JWT_ISSUER: 'shop',
  JWT_AUDIENCE: 'cart',
  GUEST_KEYS: ['new:unit-test-guest-key-of-32-bytes-or-more'],
  DEV_LOGIN: true,
  RATE_LIMITS: 'off' as const,
};

@Module({ imports: [IdentityModule.forRoot(env)], controllers: [ProbeController] })
class ProbeModule {}

let app: NestFastifyApplication;
let base: string;

beforeAll(async () => {
  app = await createApp(ProbeModule, env);
  await app.listen(0, '127.0.0.1');
  base = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
});

afterAll(() => app.close());

const json = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

async function problem(path: string, init?: RequestInit) {
  const response = await fetch(base + path, init);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const body = (await response.json()) as Record<string, unknown>;
  expect(body).toMatchObject({
    type: expect.stringMatching(/^urn:/),
    title: expect.any(String),
    status: response.status,
  });
  expect(body['errors']).toBeInstanceOf(Array);
  expect(typeof body['detail']).toBe('string');
  return { status: response.status, code: body['code'], body, headers: response.headers };
}

/** What the server says to bytes that fetch would never send. */
function raw(bytes: string): Promise<string> {
  const { port } = app.getHttpServer().address() as AddressInfo;
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

async function login(userId: string, roles?: string[]): Promise<string> {
  const response = await fetch(`${base}/v1/dev/login`, json({ userId, roles }));
  expect(response.status).toBe(200);
  return ((await response.json()) as { token: string }).token;
}

async function guest(): Promise<string> {
  const response = await fetch(`${base}/v1/guest-carts`, { method: 'POST' });
  expect(response.status).toBe(201);
  const body = (await response.json()) as { clientCartId: string; expiresInSeconds: number };
  expect(body.expiresInSeconds).toBe(2_592_000);
  return body.clientCartId;
}

describe('addresses and methods', () => {
  it('answers an unknown route with 404', async () => {
    expect(await problem('/v1/nowhere')).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    expect(await problem('/v1/nowhere', json('{broken'))).toMatchObject({ status: 404 });
  });

  it('answers a known path with another method with 405 and the methods it has', async () => {
    const wrong = await problem('/v1/probe/items', { method: 'DELETE' });
    expect(wrong).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' });
    expect(wrong.headers.get('allow')).toBe('POST');
    expect((await problem('/v1/probe/items/12?x=1', { method: 'POST' })).headers.get('allow')).toBe('PATCH');
    expect((await problem('/v1/probe', { method: 'OPTIONS' })).headers.get('allow')).toBe('GET, HEAD');
  });

  it.each(['/v1/probe/items/%ZZ', `/v1/probe/items/${'9'.repeat(200)}`, '/v1/probe/items/%00'])(
    'answers the unusable URL %s with 400',
    async (path) => {
      expect(await problem(path, { method: 'PATCH' })).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
    },
  );

  it.each(['0', '01', '+1', '1e3', '-1', '9223372036854775808', '99999999999999999999', '%EF%BC%91', '%D9%A1', 'abc'])(
    'refuses %s as an id in the path',
    async (id) => {
      const refused = await problem(`/v1/probe/items/${id}`, { method: 'PATCH' });
      expect(refused).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
      expect(refused.body['errors']).toMatchObject([{ code: 'VALIDATION_FAILED', field: 'skuId' }]);
    },
  );

  it.each(['1', '9007199254740993', '9223372036854775807'])('takes %s as an id in the path', async (id) => {
    const response = await fetch(`${base}/v1/probe/items/${id}`, { method: 'PATCH' });
    expect(await response.json()).toEqual({ skuId: id });
  });

  it.each(['?q=1&q=2', '?__proto__=1', '?constructor=1'])('refuses the query %s', async (query) => {
    expect(await problem(`/v1/probe${query}`)).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
  });
});

describe('bodies', () => {
  it('refuses another type than JSON with 415', async () => {
    for (const type of ['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'nonsense']) {
      const init = { method: 'POST', headers: { 'content-type': type }, body: 'a=1' };
      expect(await problem('/v1/probe/nothing', init)).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' });
    }
    expect(handlerRan).toBe(0);
  });

  it('never unpacks a compressed body', async () => {
    const init = json({});
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    expect(await problem('/v1/probe/nothing', { ...init, headers })).toMatchObject({ status: 415 });
  });

  it('takes 64 KB, and 2 MB where the route says so', async () => {
    const tooLarge = json(`"${'x'.repeat(64 * 1024)}"`);
    expect(await problem('/v1/probe/nothing', tooLarge)).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
    const list = Array.from({ length: 1000 }, (_, i) => ({ skuId: String(i + 1), price: '1.00' }));
    const padded = JSON.stringify(list) + ' '.repeat(1_900_000);
    const response = await fetch(`${base}/v1/probe/prices`, { ...json(padded), method: 'PUT' });
    expect(await response.json()).toEqual({ count: 1000 });
    const over = { ...json(' '.repeat(2 * 1024 * 1024 + 1)), method: 'PUT' };
    expect(await problem('/v1/probe/prices', over)).toMatchObject({ status: 413 });
  });

  it('hears a client out whose body is too large, and serves its next request on the same connection', async () => {
    const { port } = app.getHttpServer().address() as AddressInfo;
    const lengths = ['Content-Length: 3000000\r\n\r\n', 'Transfer-Encoding: chunked\r\n\r\n2dc6c0\r\n'];
    for (const length of lengths) {
      const socket = connect(port, '127.0.0.1');
      const answers = socket.setEncoding('latin1')[Symbol.asyncIterator]();
      socket.write(`POST /v1/probe/nothing HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${length}`);
      socket.write(' '.repeat(1_000_000));
      expect((await answers.next()).value).toMatch(/^HTTP\/1\.1 413 /);
      socket.write(' '.repeat(2_000_000) + (length.includes('chunked') ? '\r\n0\r\n\r\n' : ''));
      socket.write('GET /v1/probe?q=next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      let next = '';
      for await (const text of { [Symbol.asyncIterator]: () => answers }) next += text;
      expect(next).toMatch(/HTTP\/1\.1 200 [^]*\{"q":"next"\}$/);
    }
  });

  it.each([
    ['malformed JSON', '{"a":'],
    ['poisoned JSON', '{"__proto__":{"polluted":1}}'],
    ['an escaped poisoned key', '{"\\u005f_proto__":{"polluted":1}}'],
    ['a constructor', '{"a":[{"constructor":{"prototype":{}}}]}'],
    ['a hundred thousand brackets', '['.repeat(60_000)],
    ['a byte order mark', '\ufeff{}'],
  ])('refuses %s with 400', async (_name, body) => {
    expect(await problem('/v1/probe/nothing', json(body))).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('refuses fields where none are asked for; null and an empty object have none', async () => {
    const before = handlerRan;
    for (const body of ['null', '{}']) expect((await fetch(`${base}/v1/probe/nothing`, json(body))).status).toBe(201);
    expect(handlerRan).toBe(before + 2);
    const refused = await problem('/v1/probe/nothing', json('{"skuIds":["1"]}'));
    expect(refused).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
    expect(refused.body['errors']).toMatchObject([{ code: 'VALIDATION_FAILED', field: 'skuIds' }]);
    for (const body of ['[]', '[1]', '"text"', '0']) {
      expect(await problem('/v1/probe/nothing', json(body))).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
    }
    expect(await problem('/v1/probe/nothing-of-a-shopper', json('{"skuIds":["1"]}'))).toMatchObject({ status: 401 });
    expect(handlerRan).toBe(before + 2);
  });

  it('takes no bytes for no body, and names the fields a DTO then misses', async () => {
    expect((await fetch(`${base}/v1/probe/nothing`, json(''))).status).toBe(201);
    const headers = { 'content-type': 'application/json', 'x-client-cart-id': await guest() };
    const refused = await problem('/v1/probe/items', { method: 'POST', headers });
    expect(refused).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
    expect(refused.body['errors']).toMatchObject([{ field: 'skuId' }, { field: 'quantity' }]);
  });

  it.each([
    ['{"skuId":"1","quantity":"5"}', 'quantity'],
    ['{"skuId":"1","quantity":0}', 'quantity'],
    ['{"skuId":"1","quantity":-0}', 'quantity'],
    ['{"skuId":"1","quantity":1.5}', 'quantity'],
    ['{"skuId":"1","quantity":1e309}', 'quantity'],
    ['{"skuId":"1","quantity":2147483648}', 'quantity'],
    ['{"skuId":"1","quantity":null}', 'quantity'],
    ['{"skuId":"1","quantity":[5]}', 'quantity'],
    ['{"skuId":1,"quantity":1}', 'skuId'],
    ['{"skuId":"1","quantity":1,"selected":null}', 'selected'],
    ['{"skuId":"1","quantity":1,"selected":"true"}', 'selected'],
    ['{"skuId":"1","quantity":1,"price":"0.01"}', 'price'],
    ['[]', ''],
    ['null', ''],
    ['"text"', ''],
  ])('refuses %s, naming the field', async (body, field) => {
    const headers = { 'content-type': 'application/json', 'x-client-cart-id': await guest() };
    const refused = await problem('/v1/probe/items', { ...json(body), headers });
    expect(refused).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
    expect(refused.body['errors']).toMatchObject([{ code: 'VALIDATION_FAILED', field }]);
  });

  it('names the entry of a list that is wrong', async () => {
    const list = [
      { skuId: '1', price: '1.00' },
      { skuId: '2', price: '1' },
    ];
    const refused = await problem('/v1/probe/prices', { ...json(list), method: 'PUT' });
    expect(refused.body['errors']).toMatchObject([{ field: '[1].price' }]);
    const long = Array.from({ length: 1001 }, () => list[0]);
    expect(await problem('/v1/probe/prices', { ...json(long), method: 'PUT' })).toMatchObject({ status: 400 });
    expect(await problem('/v1/probe/prices', { ...json({}), method: 'PUT' })).toMatchObject({ status: 400 });
  });

  it('names no more than fifty faults', async () => {
    const many = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`f${i}`, 1]));
    const headers = { 'content-type': 'application/json', 'x-client-cart-id': await guest() };
    const refused = await problem('/v1/probe/items', { ...json(many), headers });
    expect(refused.body['errors']).toHaveLength(50);
  });
});

describe('errors', () => {
  it('puts extra fields beside the standard ones and never over them', async () => {
    const { status, body } = await problem('/v1/probe/refused');
    expect(status).toBe(412);
    expect(body).toEqual({
      type: 'urn:shopping-cart:problem:version-mismatch',
      title: 'It has changed since it was read',
      status: 412,
      code: 'VERSION_MISMATCH',
      detail: 'stale',
      errors: [{ code: 'VERSION_MISMATCH', skuId: '7' }],
      cart: { version: '9' },
    });
  });

  it('tells nothing about a bug', async () => {
    const { status, code, body } = await problem('/v1/probe/bug');
    expect({ status, code }).toEqual({ status: 500, code: 'INTERNAL_ERROR' });
    expect(JSON.stringify(body)).not.toMatch(/SELECT|db-host|\.ts|at /);
  });

  it('gives an adapter error its code and its time to retry, but not its message', async () => {
    const { status, code, headers, body } = await problem('/v1/probe/adapter');
    expect({ status, code }).toEqual({ status: 503, code: 'CART_UNAVAILABLE' });
    expect(headers.get('retry-after')).toBe('2');
    expect(JSON.stringify(body)).not.toContain('redis-host');
  });

  it.each([
    ['a broken request line', 'HELLO\r\n\r\n', 400, 'VALIDATION_FAILED'],
    ['headers over 8 KB', `GET / HTTP/1.1\r\nHost: x\r\nX-Big: ${'x'.repeat(9000)}\r\n\r\n`, 431, 'HEADERS_TOO_LARGE'],
    ['a URL over 8 KB', `GET /${'x'.repeat(9000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431, 'HEADERS_TOO_LARGE'],
  ])('answers %s with problem+json', async (_name, bytes, status, code) => {
    const [head, body] = (await raw(bytes)).split('\r\n\r\n');
    expect(head).toContain(`HTTP/1.1 ${status} `);
    expect(head).toContain('content-type: application/problem+json');
    expect(JSON.parse(body ?? '')).toMatchObject({ status, code });
  });
});

describe('headers', () => {
  it('lets no cache keep an answer of the API and no browser guess its type', async () => {
    for (const path of ['/v1/probe', '/v1/nowhere', '/v1/probe/items/%ZZ']) {
      const { headers } = await fetch(base + path);
      expect(headers.get('cache-control')).toBe('private, no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('x-powered-by')).toBeNull();
      expect(headers.get('server')).toBeNull();
    }
  });
});

describe('who is asking', () => {
  const add = (headers: Record<string, string>): RequestInit => ({
    ...json({ skuId: '1', quantity: 1 }),
    headers: { 'content-type': 'application/json', ...headers },
  });

  it('knows a user and a guest, and takes the user when both are there', async () => {
    const token = { authorization: `Bearer ${await login('42')}` };
    const id = { 'x-client-cart-id': await guest() };
    const kindOf = async (headers: Record<string, string>) =>
      ((await (await fetch(`${base}/v1/probe/items`, add(headers))).json()) as { kind: string }).kind;
    expect(await kindOf(token)).toBe('user');
    expect(await kindOf(id)).toBe('guest');
    expect(await kindOf({ ...token, ...id })).toBe('user');
    expect(await kindOf({ authorization: token.authorization.replace('Bearer', 'bearer') })).toBe('user');
  });

  it('answers 401 with a challenge', async () => {
    const id = { 'x-client-cart-id': await guest() };
    const table: [string, RequestInit, string][] = [
      ['/v1/probe/items', add({}), 'UNAUTHENTICATED'],
      ['/v1/probe/items', add({ 'x-client-cart-id': 'v1.new.forged.forged' }), 'INVALID_CLIENT_CART_ID'],
      ['/v1/probe/items', add({ 'x-client-cart-id': '' }), 'INVALID_CLIENT_CART_ID'],
      ['/v1/probe/items', add({ ...id, authorization: 'Bearer nonsense' }), 'UNAUTHENTICATED'],
      ['/v1/probe/items', add({ ...id, authorization: 'Basic YTpi' }), 'UNAUTHENTICATED'],
      ['/v1/probe/user', { headers: id }, 'UNAUTHENTICATED'],
      ['/v1/probe/admin', {}, 'UNAUTHENTICATED'],
      ['/v1/probe/admin', { headers: id }, 'UNAUTHENTICATED'],
    ];
    for (const [path, init, code] of table) {
      const refused = await problem(path, init);
      expect(refused).toMatchObject({ status: 401, code });
      expect(refused.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  it('answers a user without the role 403, and lets the role pass', async () => {
    const shopper = { authorization: `Bearer ${await login('42')}` };
    const admin = { authorization: `Bearer ${await login('1', ['payment', 'admin'])}` };
    expect(await problem('/v1/probe/admin', { headers: shopper })).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    expect((await fetch(`${base}/v1/probe/admin`, { headers: admin })).status).toBe(200);
  });

  it('does not look at the headers of a public route', async () => {
    expect((await fetch(`${base}/v1/probe`, { headers: { authorization: 'Bearer nonsense' } })).status).toBe(200);
  });

  it('checks what the development login is given', async () => {
    for (const body of [
      {},
      { userId: 42 },
      { userId: '0' },
      { userId: '1', roles: 'admin' },
      { userId: '1', roles: [7] },
    ]) {
      expect(await problem('/v1/dev/login', json(body))).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
    }
  });

  it('has no development login unless it is switched on', async () => {
    @Module({ imports: [IdentityModule.forRoot({ ...env, DEV_LOGIN: false })] })
    class NoLoginModule {}
    const other = await createApp(NoLoginModule, env);
    try {
      await other.init();
      const answer = await other.inject({ method: 'POST', url: '/v1/dev/login', payload: { userId: '1' } });
      expect(answer.statusCode).toBe(404);
    } finally {
      await other.close();
    }
  });

  it('does not start unguarded, although every route has a policy', async () => {
    @Module({ imports: [IdentityModule, DiscoveryModule], controllers: [ProbeController] })
    class UnguardedModule {}
    await expect(createApp(UnguardedModule, env)).rejects.toThrow('No route is guarded');
  });

  it('does not start with a route that has no policy', async () => {
    @Controller('v1/forgotten')
    class ForgottenController {
      @Get('thing')
      thing() {
        return {};
      }
    }
    @Module({ imports: [IdentityModule.forRoot(env)], controllers: [ForgottenController] })
    class ForgottenModule {}
    await expect(createApp(ForgottenModule, env)).rejects.toThrow('GET v1/forgotten/thing (ForgottenController.thing)');
  });
});

describe('pages of other sites', () => {
  it('may not call the API unless their origin is listed', async () => {
    const headers = { origin: 'https://shop.example', 'access-control-request-method': 'GET' };
    const { status } = await problem('/v1/probe', { method: 'OPTIONS', headers });
    expect(status).toBe(405);
    for (const answer of [await fetch(`${base}/v1/probe`, { headers }), await fetch(`${base}/docs`, { headers })]) {
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });
});

describe('documentation', () => {
  it('is an OpenAPI 3.1 document with the schemes, the bodies and the problems of each route', async () => {
    const response = await fetch(`${base}/docs/openapi.json`);
    expect(response.headers.get('content-type')).toContain('application/json');
    const document = (await response.json()) as OpenAPIObject;
    expect(document.openapi).toBe('3.1.0');
    expect(document.components?.securitySchemes).toMatchObject({
      bearer: { type: 'http', scheme: 'bearer' },
      clientCartId: { type: 'apiKey', in: 'header', name: 'X-Client-Cart-Id' },
    });
    const operation = document.paths['/v1/probe/items']?.post;
    expect(operation?.security).toEqual(expect.arrayContaining([{ bearer: [] }, { clientCartId: [] }]));
    const statuses = ['201', '400', '401', '404', '408', '409', '413', '415', '429', '431', 'default'];
    expect(Object.keys(operation?.responses ?? {}).sort()).toEqual(statuses);
    expect(operation?.responses['409']).toMatchObject({
      content: {
        'application/problem+json': {
          examples: {
            CART_FULL: { value: { status: 409, code: 'CART_FULL' } },
            QUANTITY_LIMIT: { value: { status: 409, errors: [{ maximum: 99, requested: 100 }] } },
          },
        },
      },
    });
    expect(document.components?.schemas?.['AddDto']).toMatchObject({
      required: ['skuId', 'quantity'],
      properties: {
        skuId: { type: 'string' },
        quantity: { type: 'integer', minimum: 1 },
        selected: { type: 'boolean' },
      },
    });
  });

  it('has a page for people, which may run its own scripts only', async () => {
    const page = await fetch(`${base}/docs`);
    expect(page.status).toBe(200);
    const html = await page.text();
    expect(html).toContain('swagger-ui');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(html).not.toMatch(/<script(?![^>]*src=)[^>]*>\s*\S/);
    for (const [, source] of html.matchAll(/<script src="([^"]+)"/g)) {
      const script = await fetch(new URL(source ?? '', `${base}/docs`));
      expect(script.status).toBe(200);
      expect((await script.text()).length).toBeGreaterThan(100);
    }
  });
});
