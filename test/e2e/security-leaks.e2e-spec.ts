import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { CART_CHANGED, toCartChanged } from '@app/cart';
import { Database } from '@app/database';
import { RocketmqClient } from '@app/rocketmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDataSource } from '../../ormconfig.js';
import { type Answer, Api, Shopper } from '../support/api.js';
import { AppProcess, MAIN } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { newItem } from '../support/factories.js';
import { RedisServer } from '../support/redis-server.js';
import { EVENT_SEAL, freshUserId, services, testVariables } from '../support/services.js';

/** A way to MySQL that can be cut. */
class Wire {
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  port = 0;

  async open(): Promise<void> {
    const { hostname, port } = new URL(services().databaseUrl);
    this.server = createServer((near) => {
      const far = connect(Number(port), hostname);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.sockets.add(one);
        one
          .on('error', () => other.destroy())
          .on('close', () => this.sockets.delete(one))
          .pipe(other);
      }
    }).listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as { port: number }).port;
  }

  cut(): void {
    this.server?.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

const wire = new Wire();
const home = mkdtempSync(join(tmpdir(), 'cart-home-'));
let redis: RedisServer;
let app: AppProcess;
let api: Api;
let admin: Shopper;
let skuId: string;

beforeAll(async () => {
  redis = await RedisServer.start();
  await wire.open();
  const databaseUrl = new URL(services().databaseUrl);
  databaseUrl.port = String(wire.port);
  databaseUrl.hostname = '127.0.0.1';
  app = await AppProcess.start({
    HOME: home,
    LOG_LEVEL: 'trace',
    REDIS_URL: redis.url,
    DATABASE_URL: databaseUrl.href,
    RATE_LIMITS: 'on',
    RATE_LIMIT_WRITES: '40/60',
  });
  api = new Api(app.url);
  admin = await api.admin();
  [skuId] = (await api.skus({})) as [string];
});
afterAll(async () => {
  await app.stop();
  wire.cut();
  await redis.stop();
  rmSync(home, { recursive: true, force: true });
});

const isReady = () => eventually(async () => expect((await api.call('GET', '/health/ready')).body.status).toBe('ok'));
const planted: string[] = [];
const canary = () => {
  const text = `CANARY${randomBytes(9).toString('hex')}`;
  planted.push(text);
  return text;
};

/** Every kind of request and refusal, each with secrets where a client can put some. */
async function everything(): Promise<Answer[]> {
  const user = await api.login();
  const guest = await api.guest();
  planted.push(user.headers['authorization']!.split('.')[2]!, ...guest.id.split('.').slice(2));
  const answers: Answer[] = [];
  for (const shopper of [user, guest]) {
    const headers = () => ({
      'idempotency-key': canary(),
      cookie: `session=${canary()}`,
      'user-agent': canary(),
      'x-forwarded-for': canary(),
      'x-user-id': canary(),
      referer: `https://shop.example/${canary()}`,
    });
    answers.push(
      await shopper.add(skuId, 1, headers()),
      await shopper.add(skuId, 1000, headers()),
      await shopper.add('999999999999999', 1, headers()),
      await shopper.add(skuId, 1, { ...headers(), 'if-match': `"${canary()}"` }),
      await shopper.post('/v1/cart/items', { skuId: canary(), quantity: 1, [canary()]: canary() }, headers()),
      await shopper.post('/v1/cart/items', { token: canary(), password: canary(), clientCartId: canary() }, headers()),
      await shopper.patch(`/v1/cart/items/${skuId}`, { quantity: canary() }, headers()),
      await shopper.get(`/v1/cart?group=${canary()}`, headers()),
      await shopper.get(`/v1/${canary()}?token=${canary()}`, headers()),
      await shopper.get(`/v1/skus?q=${canary()}`, headers()),
      await shopper.get('/v1/cart', { ...headers(), authorization: `Bearer ${canary()}` }),
      await shopper.get('/v1/admin/limits', headers()),
      await shopper.post('/v1/cart/merge', { clientCartId: canary() }, headers()),
      await shopper.post('/v1/cart/merge', { clientCartId: guest.id }, headers()),
      await shopper.post('/v1/cart/items', 'x'.repeat(70_000) + canary(), headers()),
      await shopper.get('/v1/cart', { ...headers(), 'x-big': canary() + 'x'.repeat(9000) }),
      await shopper.delete('/v1/cart', headers()),
    );
  }
  const broken = { ...user.headers, 'content-type': 'application/json', 'x-trace': canary() };
  for (const [method, type] of [
    ['POST', 'application/json'],
    ['POST', 'text/plain'],
    ['PUT', 'application/json'],
  ] as const) {
    const body = `{"quantity": ${canary()}`;
    const answer = await fetch(`${api.url}/v1/cart/items`, {
      method,
      body,
      headers: { ...broken, 'content-type': type },
    });
    answers.push({ status: answer.status, headers: answer.headers, body: await answer.json() });
  }
  for (let i = 0; i < 45; i++) answers.push(await user.add(skuId, 1, { 'idempotency-key': canary() }));
  return answers;
}

/** What no answer may tell: hosts, ports, programs, statements, stacks, paths. */
const INSIDE =
  /127\.0\.0\.1|localhost|ECONN|EPIPE|redis|mysql|maria|rocketmq|socket|SELECT |INSERT |UPDATE |product_sku\b|EVALSHA|NOSCRIPT|node_modules|\.[jt]s:\d|\/(home|tmp|usr|app)\/|\bat [A-Z]\w+\.|stack/i;

function expectNothingInside(answers: Answer[]): void {
  for (const { status, headers, body } of answers) {
    const said = JSON.stringify([body, [...headers]]);
    expect(said).not.toMatch(INSIDE);
    expect(status).not.toBe(500);
    if (status >= 400) expect(headers.get('content-type')).toBe('application/problem+json');
  }
}

describe('S17 S18: what leaks', () => {
  it('nothing in the answers, whichever backend is away', async () => {
    expectNothingInside(await everything());

    await redis.kill();
    const withoutRedis = await everything().catch((error: unknown) => error);
    expect(withoutRedis).toBeInstanceOf(Array);
    expectNothingInside(withoutRedis as Answer[]);
    expect((withoutRedis as Answer[]).map(({ status }) => status)).toContain(503);
    await redis.restart();
    await isReady();

    wire.cut();
    const cold = await api.login();
    const answers = [
      await cold.get('/v1/cart'),
      await cold.add(skuId),
      await admin.get(`/v1/admin/carts/${cold.id}/diff`),
    ];
    answers.push(await api.call('GET', '/v1/skus'), await api.call('GET', `/v1/skus/${freshUserId()}`));
    for (const { status, body } of answers)
      expect({ status, code: body.code }).toMatchObject({ status: 503, code: 'CART_UNAVAILABLE' });
    expectNothingInside([...answers, ...(await everything())]);
    await wire.open();
    await isReady();
  });

  it('no secret and nothing of a client in the logs, neither ours nor those of the client of the broker', async () => {
    await everything();
    const env = testVariables();
    const { password } = new URL(env['DATABASE_URL']!);
    const secrets = [env['JWT_SECRET']!, env['GUEST_KEYS']!.split(':')[1]!, ...(password ? [password] : [])];
    const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const written = [app.log, ...files.map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'))];
    expect(planted.length).toBeGreaterThan(500);
    expect(app.log.split('\n').length).toBeGreaterThan(20);
    for (const log of written) {
      expect(log).not.toContain('CANARY');
      for (const secret of [...planted, ...secrets]) expect(log.includes(secret), secret).toBe(false);
    }
  });

  it('no line of the log can be made by a client', async () => {
    const forged = '\n{"level":"fatal","msg":"forged"}\r\n\u001b[31m';
    await api.call('GET', `/v1/${encodeURIComponent(forged)}`);
    await (await api.login()).post('/v1/cart/items', { skuId: forged, [forged]: forged });
    await api.call('POST', '/v1/dev/login', { body: { userId: forged, roles: [forged] } });
    for (const line of app.log.split('\n').filter(Boolean)) {
      expect(() => JSON.parse(line) as unknown, line).not.toThrow();
      expect(JSON.parse(line)).not.toMatchObject({ msg: 'forged' });
    }
  });
});

describe('S22: a start with settings no shop may run with', () => {
  const start = (settings: NodeJS.ProcessEnv) =>
    spawnSync(process.execPath, [MAIN], {
      env: { ...testVariables(), ...settings },
      encoding: 'utf8',
      timeout: 60_000,
    });
  const good = {
    NODE_ENV: 'production',
    DEV_LOGIN: '',
    JWT_SECRET: randomBytes(32).toString('hex'),
    GUEST_KEYS: `k1:${randomBytes(32).toString('hex')}`,
    EVENT_KEYS: `k1:${randomBytes(32).toString('hex')}`,
  };

  it.each<[names: string[], settings: NodeJS.ProcessEnv]>([
    [
      ['DEV_LOGIN', 'LOCK', 'CRASH_AT', 'JWT_SECRET', 'GUEST_KEYS'],
      {
        ...good,
        DEV_LOGIN: 'true',
        LOCK: 'noop',
        CRASH_AT: 'anywhere',
        JWT_SECRET: 'change-me-change-me-change-me-change-me',
        GUEST_KEYS: 'k1:short',
      },
    ],
    [['JWT_JWKS_URL'], { ...good, JWT_SECRET: '', JWT_JWKS_URL: 'http://127.0.0.1/keys' }],
  ])('ends at once and names %s, but no value', (names, settings) => {
    const { status, stderr, stdout } = start(settings);
    expect(status).toBe(1);
    const named = stderr.split('\n').slice(1, -1);
    expect(new Set(named.map((line) => line.trim().split(':')[0]))).toEqual(new Set(names));
    for (const value of [settings['JWT_SECRET'], settings['GUEST_KEYS']]) {
      if (value) expect(stderr + stdout).not.toContain(value);
    }
  });
});

describe('S24: a message is not believed', () => {
  const database = new Database(createDataSource(services().databaseUrl));
  const client = new RocketmqClient({
    endpoints: services().rocketmqEndpoints,
    topic: services().topic,
    seal: EVENT_SEAL,
  });
  beforeAll(async () => {
    Logger.overrideLogger(['warn']);
    await client.connect();
  });
  afterAll(async () => {
    await client.close();
    await database.onApplicationShutdown();
  });

  it('what does not fit is kept as a dead letter, word for word, and changes nothing', async () => {
    const userId = freshUserId();
    const item = newItem();
    const base = { owner: { kind: 'user' as const, id: userId }, version: item.version, at: Date.now() };
    const items = [{ ...item, before: 0, deleted: false }];
    const good = toCartChanged({ ...base, action: 'add', source: 'user', items }, Date.now());
    const with_ = (change: object) => ({ ...good, ...change });
    const of = (change: object) => ({ ...good, items: [{ ...good.items[0], ...change }] });
    const hostile = [
      with_({ owner: { kind: 'admin', id: userId } }),
      with_({ owner: { kind: 'user', id: `${userId}' OR 1=1-- ` } }),
      with_({ owner: { kind: 'user', id: '9223372036854775808' } }),
      with_({ schema: 2 }),
      with_({ action: 'x'.repeat(17) }),
      with_({ items: [] }),
      with_({ items: Array.from({ length: 1001 }, () => good.items[0]) }),
      with_({ items: 'DROP TABLE cart' }),
      of({ quantity: -1 }),
      of({ quantity: 1.5 }),
      of({ quantity: '5' }),
      of({ quantity: 2 ** 31 }),
      of({ skuId: '0x1' }),
      of({ skuId: '9223372036854775808' }),
      of({ version: '9223372036854775808' }),
      of({ addPrice: '-1.00' }),
      of({ addPrice: '1e9' }),
      of({ addedAt: 'yesterday' }),
      of({ snapshot: null }),
      of({ snapshot: { ...good.items[0]!.snapshot, name: 'x'.repeat(5000) } }),
    ];
    await client.emitMany(CART_CHANGED, hostile);
    const kept = () =>
      database.query<{ body: Buffer }>('SELECT body FROM dead_letter WHERE body LIKE ?', [`%${userId}%`]);
    const unnamed = hostile.filter((event) => !JSON.stringify(event).includes(userId)).length;
    await eventually(async () => expect(await kept()).toHaveLength(hostile.length - unnamed), { timeoutMs: 60_000 });
    expect(await database.query('SELECT * FROM cart WHERE user_id = ?', [userId])).toEqual([]);
    expect(await database.query('SELECT * FROM cart_change_log WHERE owner_id = ?', [userId])).toEqual([]);
    // Each was refused for what is wrong with it: the event they were made of fits.
    await client.emitMany(CART_CHANGED, [good]);
    await eventually(async () =>
      expect(await database.query('SELECT * FROM cart WHERE user_id = ?', [userId])).toHaveLength(1),
    );
  });
});
