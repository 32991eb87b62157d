import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '@app/database';
import { RedisConnection } from '@app/redis';
import { createDataSource } from '../../ormconfig.js';
import { Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { OwnDatabase } from '../support/own-database.js';
import { RedisServer } from '../support/redis-server.js';
import { routesOf } from '../support/routes.js';
import { freshUserId } from '../support/services.js';

let own: OwnDatabase;
let server: RedisServer;
let database: Database;
let redis: RedisConnection;
let apps: AppProcess[];
let api: Api;
let admin: Shopper;

/** Runs go over all carts there are: two instances that share their servers with no other test. */
beforeAll(async () => {
  [own, server] = await Promise.all([OwnDatabase.create(), RedisServer.start()]);
  database = new Database(createDataSource(own.url));
  redis = new RedisConnection({ url: server.url });
  await redis.connect();
  const settings = { DATABASE_URL: own.url, REDIS_URL: server.url, TRANSPORT: 'in-process' };
  apps = await Promise.all([AppProcess.start(settings), AppProcess.start(settings)]);
  api = new Api(apps[0]!.url);
  admin = await api.admin();
});
afterAll(async () => {
  await Promise.all(apps.map((app) => app.stop()));
  await redis.close();
  await database.onApplicationShutdown();
  await Promise.all([server.stop(), own.drop()]);
});

const problem = (status: number, code: string) => ({ status, body: { status, code } });
const rowsOf = (userId: string) =>
  database.query<Record<string, unknown>>('SELECT * FROM cart WHERE user_id = ? AND is_deleted = 0', [userId]);
const auditOf = (userId: string) =>
  database.query<Record<string, unknown>>('SELECT * FROM admin_audit WHERE user_id = ? ORDER BY id', [userId]);
const ended = (runId: string, at = admin) =>
  eventually(async () => {
    const { runs } = (await at.get<{ runs: any[] }>('/v1/admin/sync/runs')).body;
    const run = runs.find((one) => one.runId === runId);
    expect(run.status).not.toBe('running');
    return run;
  });

async function shopperWith(...skuIds: string[]): Promise<Shopper> {
  const user = await api.login();
  for (const skuId of skuIds) expect((await user.add(skuId, 2)).status).toBe(201);
  return user;
}

describe('POST /v1/cart/sync', () => {
  it('has the cart in MySQL when it answers, and a repeat is answered alike', async () => {
    const [sku] = await api.skus({});
    const user = await shopperWith(sku!);
    const { version } = await user.cart();
    const key = { 'idempotency-key': 'logout-1' };
    expect(await user.post('/v1/cart/sync', undefined, key)).toMatchObject({ status: 202, body: { version } });
    expect(await rowsOf(user.id)).toMatchObject([{ product_sku_id: sku, product_sku_num: 2 }]);
    const repeated = await user.post('/v1/cart/sync', undefined, key);
    expect(repeated).toMatchObject({ status: 202, body: { version } });
    expect(repeated.headers.get('idempotent-replayed')).toBe('true');
  });

  it('is for users', async () => {
    expect(await (await api.guest()).post('/v1/cart/sync')).toMatchObject(problem(401, 'UNAUTHENTICATED'));
  });
});

describe('a row that was edited by hand', () => {
  const path = (user: Shopper, what: string) => `/v1/admin/carts/${user.id}/${what}`;
  const forcedSync = async (user: Shopper) => (await admin.post(path(user, 'sync'))).body;
  const diffOf = async (user: Shopper) =>
    (await admin.get<{ inSync: boolean; items: { equal: boolean }[] }>(path(user, 'diff'))).body;

  it.each([
    ['its quantity', 'UPDATE cart SET product_sku_num = 77'],
    ['its price', 'UPDATE cart SET add_amount = 0.01'],
    ['its selection', 'UPDATE cart SET selected_status = 1 - selected_status'],
    ['its snapshot', `UPDATE cart SET snapshot = JSON_SET(snapshot, '$.name', 'another')`],
    ['its place', 'UPDATE cart SET position = position + 1'],
    ['that it is there', 'UPDATE cart SET is_deleted = 1'],
    ['its version, down', 'UPDATE cart SET product_sku_num = 77, version = 1'],
    ['everything: it is gone', 'DELETE FROM cart'],
  ])('is found by the diff and mended by a forced sync: %s', async (_, edit) => {
    const [edited, other] = (await api.skus({}, {})) as [string, string];
    const user = await shopperWith(edited, other);
    await forcedSync(user);
    const { items } = await user.cart();
    await database.query(`${edit} WHERE user_id = ? AND product_sku_id = ?`, [user.id, edited]);

    const found = await diffOf(user);
    expect(found.inSync).toBe(false);
    expect(found.items.filter((item) => !item.equal)).toMatchObject([{ skuId: edited, redis: { quantity: 2 } }]);
    expect(await forcedSync(user)).toMatchObject({ written: 1, softDeleted: 0, unchanged: 1 });
    expect(await diffOf(user)).toMatchObject({ inSync: true, items: [{}, {}] });
    expect(await forcedSync(user)).toMatchObject({ written: 0, softDeleted: 0, unchanged: 2 });
    // To the shopper nothing has happened, but that a repaired item has a new version.
    const withoutVersion = (all: object[]) => all.map((item) => ({ ...item, version: '' }));
    expect(withoutVersion((await user.cart()).items)).toEqual(withoutVersion(items));
  });

  it('is found and mended when it is one that was removed, and somebody brought it back', async () => {
    const [removed, other] = (await api.skus({}, {})) as [string, string];
    const user = await shopperWith(removed, other);
    await user.delete(`/v1/cart/items/${removed}`);
    await forcedSync(user);
    await database.query(
      'UPDATE cart SET is_deleted = 0, product_sku_num = 9 WHERE user_id = ? AND product_sku_id = ?',
      [user.id, removed],
    );
    const found = await diffOf(user);
    expect(found).toMatchObject({ inSync: false, items: [{ equal: true }, { skuId: removed, redis: null }] });
    await forcedSync(user);
    expect((await diffOf(user)).inSync).toBe(true);
  });
});

describe('the full sync', () => {
  it('mends what was edited by hand; one runs at a time, and the runs show it', async () => {
    const [sku] = await api.skus({});
    const user = await shopperWith(sku!);
    await user.post('/v1/cart/sync');
    await database.query('UPDATE cart SET product_sku_num = 77 WHERE user_id = ?', [user.id]);
    const other = admin.at(new Api(apps[1]!.url));
    const started = await Promise.all([admin, other, admin, other].map((one) => one.post('/v1/admin/sync')));
    expect(started.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    const runs = await Promise.all(started.map(({ body }) => ended(body.runId)));
    expect(runs.reduce((drift, run) => Math.max(drift, run.drift), 0)).toBe(1);
    expect(runs[0]).toMatchObject({ kind: 'manual', status: 'succeeded', reason: null, failures: 0, softDeleted: 0 });
    expect(runs[0].carts).toBeGreaterThan(0);
    expect(Object.keys(runs[0]).sort()).toEqual(
      [
        ...['runId', 'kind', 'status', 'reason', 'startedAt', 'durationMs'],
        ...['carts', 'failures', 'written', 'softDeleted', 'drift'],
      ].sort(),
    );
    expect(await rowsOf(user.id)).toMatchObject([{ product_sku_num: 2 }]);
    expect((await admin.get(`/v1/admin/carts/${user.id}/diff`)).body.inSync).toBe(true);
    const metrics = await Promise.all(apps.map(({ url }) => fetch(`${url}/metrics`).then((answer) => answer.text())));
    expect(metrics.join('\n')).toMatch(/cart_sync_runs_total\{kind="manual",status="succeeded"\} [1-9]/);
    expect(metrics.join('\n')).toMatch(/cart_sync_drift_total\{kind="manual"\} 1\n/);
  });

  it('runs once at each moment of its schedule, however many instances there are', async () => {
    const settings = {
      DATABASE_URL: own.url,
      REDIS_URL: server.url,
      TRANSPORT: 'in-process',
      SYNC_HOURLY_CRON: '* * * * * *',
      EVICT_CRON: '* * * * * *',
      // Nobody's cart here is as old.
      EVICT_IDLE_DAYS: '1000',
    };
    const two = await Promise.all([AppProcess.start(settings), AppProcess.start(settings)]);
    const scheduled = (kind: string) =>
      database.query<{ due_at: string; status: string }>(
        'SELECT due_at, status FROM sync_run WHERE kind = ? ORDER BY due_at',
        [kind],
      );
    const kinds = ['hourly', 'evict'];
    try {
      for (const kind of kinds) {
        const runs = await eventually(
          async () => {
            const all = await scheduled(kind);
            expect(all.length).toBeGreaterThan(4);
            return all;
          },
          { timeoutMs: 60_000 },
        );
        // One runs at a time: when the newest has begun, those before it have ended.
        expect(runs.slice(0, -1).every((run) => run.status === 'succeeded')).toBe(true);
      }
    } finally {
      await Promise.all(two.map((app) => app.stop()));
    }
    for (const runs of await Promise.all(kinds.map(scheduled))) {
      expect(new Set(runs.map((run) => run.due_at)).size).toBe(runs.length);
      expect(runs.every((run) => run.due_at.endsWith('.000'))).toBe(true);
    }
  });
});

describe('a rebuild', () => {
  it('is refused while Redis is newer, and forced takes what MySQL has', async () => {
    const [sku, other] = await api.skus({}, {});
    const user = await shopperWith(sku!);
    await user.post('/v1/cart/sync');
    const path = `/v1/admin/carts/${user.id}/rebuild`;
    expect(await admin.post(path)).toMatchObject({ status: 200, body: { written: 0, softDeleted: 0, unchanged: 1 } });
    // Newer, and on no way to MySQL: as when MySQL was restored from a backup.
    await user.add(other!);
    await eventually(async () => expect(await rowsOf(user.id)).toHaveLength(2));
    await database.query('DELETE FROM cart WHERE user_id = ? AND product_sku_id = ?', [user.id, other]);
    const refused = await admin.post(path, { force: false });
    expect(refused).toMatchObject(problem(409, 'REDIS_NEWER'));
    expect(refused.body.errors).toEqual([{ code: 'REDIS_NEWER', skuId: other }]);
    expect((await user.cart()).items).toHaveLength(2);
    const forced = await admin.post(path, { force: true });
    expect(forced).toMatchObject({ status: 200, body: { written: 1, softDeleted: 1, unchanged: 0 } });
    const cart = await user.cart();
    expect(cart).toMatchObject({ version: forced.body.version, items: [{ skuId: sku, quantity: 2 }] });
    await eventually(async () => expect((await admin.get(`/v1/admin/carts/${user.id}/diff`)).body.inSync).toBe(true));
    expect(await admin.post(path, { force: 'yes' })).toMatchObject(problem(400, 'VALIDATION_FAILED'));
    expect(await admin.post('/v1/admin/carts/x/rebuild')).toMatchObject(problem(400, 'VALIDATION_FAILED'));
  });
});

describe('a cart with a field that nobody can read', () => {
  it('is no problem of its user, and a forced rebuild takes what MySQL has', async () => {
    const [sku, other] = await api.skus({}, {});
    const user = await shopperWith(sku!);
    await user.add(other!);
    await user.post('/v1/cart/sync');
    const damage = () =>
      redis.command(['HSET', `cart:user:${user.id}`, sku!, 'x', '900999', 'foreign', '_', 'foreign']);
    await damage();
    const seen = await user.get('/v1/cart');
    expect(seen).toMatchObject({ status: 200, body: { badge: { skus: 2, quantity: 3 } } });
    await damage();
    const forced = await admin.post(`/v1/admin/carts/${user.id}/rebuild`, { force: true });
    expect(forced).toMatchObject({ status: 200, body: { written: 2, softDeleted: 0 } });
    expect(await user.cart()).toMatchObject({ version: forced.body.version, badge: { skus: 2, quantity: 3 } });
    const metrics = await fetch(`${apps[0]!.url}/metrics`);
    expect(await metrics.text()).toMatch(/^cart_unreadable_fields_total [0-9]+$/m);
  });
});

describe('a warm-up', () => {
  it('brings carts back after Redis has lost everything', async () => {
    const [sku] = await api.skus({});
    const users = await Promise.all(Array.from({ length: 5 }, () => shopperWith(sku!)));
    await Promise.all(users.map((user) => user.post('/v1/cart/sync')));
    await redis.command(['FLUSHALL']);
    const { status, body } = await admin.post('/v1/admin/warm-up', { carts: 1_000 });
    expect(status).toBe(202);
    expect(await ended(body.runId)).toMatchObject({ kind: 'warm_up', status: 'succeeded' });
    for (const { id } of users) expect(await redis.command(['HLEN', `cart:user:${id}`])).toBe(2);
    for (const carts of [0, 100_001, '5', 1.5]) {
      expect(await admin.post('/v1/admin/warm-up', { carts })).toMatchObject(problem(400, 'VALIDATION_FAILED'));
    }
  });
});

describe('the desk', () => {
  it('shows the outbox and the dead letters, and replays one', async () => {
    await eventually(async () => {
      expect((await admin.get('/v1/admin/outbox')).body).toEqual({ depth: 0, oldestAgeMs: 0, deadLetters: 0 });
    });
    await database.query(
      `INSERT INTO dead_letter (fingerprint, message_id, reason, body, created_at)
       VALUES (REPEAT('a', 64), 'm-1', 'as it was', '{"schema":1}', UTC_TIMESTAMP(3))`,
    );
    expect((await admin.get('/v1/admin/outbox')).body.deadLetters).toBe(1);
    const { body } = await admin.get('/v1/admin/dead-letters');
    expect(body).toMatchObject({
      next: null,
      deadLetters: [{ messageId: 'm-1', reason: 'as it was', replayedAt: null }],
    });
    expect(body.deadLetters[0]).toMatchObject({ body: '{"schema":1}', bodyBytes: 12 });
    const { id } = body.deadLetters[0];
    const replayed = await admin.post(`/v1/admin/dead-letters/${id}/replay`);
    expect(replayed).toMatchObject({ status: 200, body: { id, replayedAt: null } });
    expect(replayed.body.reason).toContain('not a cart.changed event');
    expect(await admin.post('/v1/admin/dead-letters/999999/replay')).toMatchObject(problem(404, 'NOT_FOUND'));
  });

  it('shows the change log of a user and what was left unpaid', async () => {
    const [sku, other] = await api.skus({ shopId: '4711' }, { shopId: '4711' });
    const user = await shopperWith(sku!, other!);
    await user.delete(`/v1/cart/items/${other}`);
    const guest = await api.guest();
    await guest.add(sku!);
    const entries = await eventually(async () => {
      const { body } = await admin.get<{ entries: any[]; next: null }>(`/v1/admin/change-log?userId=${user.id}`);
      expect(body.entries).toHaveLength(3);
      expect(body.next).toBeNull();
      return body.entries;
    });
    expect(entries.map(({ skuId, before, after }) => [skuId, before, after])).toEqual([
      [other, 2, 0],
      [other, 0, 2],
      [sku, 0, 2],
    ]);
    expect(entries[0]).toMatchObject({ owner: { kind: 'user', id: user.id }, action: 'remove', source: 'user' });
    await eventually(async () => {
      const { body } = await admin.get<{ skus: any[] }>('/v1/admin/analytics/abandonment?shopId=4711');
      expect(body.skus).toHaveLength(2);
      const counts = new Map(
        body.skus.map(({ skuId, added, guests, bought, unpaid }) => [skuId, [added, guests, bought, unpaid]]),
      );
      expect(counts.get(sku)).toEqual([2, 1, 0, 2]);
      expect(counts.get(other)).toEqual([1, 0, 0, 0]);
    });
    const after = new Date(Date.now() + 60_000).toISOString();
    expect((await admin.get(`/v1/admin/analytics/abandonment?shopId=4711&from=${after}`)).body.skus).toEqual([]);
    expect((await admin.get(`/v1/admin/change-log?userId=${user.id}&from=${after}`)).body.entries).toEqual([]);
  });

  it('B10: has one line for one choice over many items, with all their SKUs', async () => {
    const skuIds = await api.skus(...Array.from({ length: 120 }, () => ({ shopId: '4712' })));
    const user = await api.login();
    const items = skuIds.map((skuId) => ({ skuId, quantity: 1 }));
    for (let i = 0; i < items.length; i += 50) {
      const added = await user.post('/v1/cart/items/batch', { items: items.slice(i, i + 50) });
      expect(added.status).toBe(200);
    }
    const chosen = [false, true, false];
    for (const selected of chosen) {
      expect((await user.put('/v1/cart/selection', { scope: 'all', selected })).status).toBe(200);
    }
    const sorted = [...skuIds].sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
    await eventually(async () => {
      const { entries } = (await admin.get<{ entries: any[] }>(`/v1/admin/change-log?userId=${user.id}`)).body;
      const toggles = entries.filter(({ action }) => action === 'select');
      expect(toggles.map(({ selected }) => selected)).toEqual([false, true, false]);
      for (const line of toggles) expect(line).toMatchObject({ skuId: sorted[0], skuIds: sorted, before: 1, after: 1 });
      const added = entries.filter(({ action }) => action === 'add');
      expect(added).toHaveLength(97);
      for (const line of added) expect(line.skuIds).toEqual([line.skuId]);
    });
    expect((await admin.get(`/v1/admin/carts/${user.id}/diff`)).body).toMatchObject({ inSync: true });
  });

  it('names the device of a change in the log, of users and guests', async () => {
    const [sku] = await api.skus({});
    const [user, guest] = [await api.login(), await api.guest()];
    const devices = ['ios-17', 'two words', 'x'.repeat(65), undefined];
    for (const who of [user, guest]) {
      for (const device of devices) {
        expect((await who.add(sku!, 1, device === undefined ? {} : { 'X-Device': device })).status).toBe(201);
      }
    }
    await eventually(async () => {
      const { entries } = (await admin.get<{ entries: any[] }>('/v1/admin/change-log')).body;
      for (const kind of ['user', 'guest']) {
        const own = entries.filter((entry) => entry.skuId === sku && entry.owner.kind === kind);
        expect(own.map(({ device }) => device)).toEqual([null, null, null, 'ios-17']);
      }
    });
  });

  it.each([
    ['/v1/admin/change-log?cursor=x'],
    ['/v1/admin/change-log?from=yesterday'],
    ['/v1/admin/change-log?from=2026-11-22T00:00:00Z&to=2026-11-21T00:00:00Z'],
    ['/v1/admin/analytics/abandonment?shopId=0'],
    ['/v1/admin/sync/runs?cursor=x'],
    ['/v1/admin/dead-letters?cursor=-1'],
    ['/v1/admin/dead-letters?limit=5'],
  ])('refuses %s', async (path) => {
    expect(await admin.get(path)).toMatchObject(problem(400, 'VALIDATION_FAILED'));
  });

  it.each([
    ['/v1/admin/change-log?cursor=9223372036854775807-9223372036854775807'],
    ['/v1/admin/change-log?userId=42&cursor=9999999999999999999-9999999999999999999'],
    ['/v1/admin/change-log?from=0000-01-01T00:00:00Z&to=9999-12-31T23:59:59.999Z'],
    ['/v1/admin/analytics/abandonment?to=0000-01-01T00:00:00Z'],
    ['/v1/admin/sync/runs?cursor=9223372036854775807'],
  ])('takes %s', async (path) => {
    expect((await admin.get(path)).status).toBe(200);
  });
});

describe('the audit', () => {
  it('has every write of an administrator, with who, what and the outcome, and no read', async () => {
    const operator = await api.login(freshUserId(), ['admin']);
    await operator.get('/v1/admin/outbox');
    await operator.put('/v1/admin/limits', { maxSkus: 'many', clientCartId: 'v1.secret' });
    await operator.post(`/v1/admin/carts/${operator.id}/sync`);
    await operator.delete('/v1/admin/skus/5');
    const rows = await eventually(async () => {
      const found = await auditOf(operator.id);
      expect(found).toHaveLength(3);
      return found;
    });
    expect(rows).toMatchObject([
      { method: 'PUT', route: '/v1/admin/limits', status: 400 },
      {
        method: 'POST',
        route: '/v1/admin/carts/:userId/sync',
        target: `/v1/admin/carts/${operator.id}/sync`,
        status: 200,
      },
      { method: 'DELETE', route: '/v1/admin/skus/:skuId', status: 404, body: null },
    ]);
    expect(JSON.parse(String(rows[0]!['body']))).toEqual({ maxSkus: 'many', clientCartId: '***' });
  });

  it('has what was refused, also before the body was read, and nothing of shoppers', async () => {
    const shopper = await api.login();
    await shopper.add('5');
    await shopper.post('/v1/admin/sync');
    await shopper.post('/v1/admin/warm-up', { carts: 1 });
    await fetch(`${api.url}/v1/admin/sync`, {
      method: 'POST',
      headers: { ...shopper.headers, 'content-type': 'text/plain' },
      body: 'x',
    });
    await eventually(async () => {
      expect((await auditOf(shopper.id)).map(({ status }) => status)).toEqual([403, 403, 403]);
    });
    await api.call('POST', '/v1/admin/sync');
    await eventually(async () => {
      const strangers = await database.query<{ status: number }>(
        'SELECT status FROM admin_audit WHERE user_id IS NULL',
      );
      expect(strangers.map(({ status }) => status)).toEqual([401]);
    });
  });

  it('covers every route for administrators: all of them are under one path', async () => {
    const routes = (await routesOf(api)).filter(({ access }) => access === 'role');
    expect(routes.length).toBeGreaterThan(15);
    // Paying is what the shop's payment service does; an administrator may stand in for it.
    const elsewhere = routes.filter(({ path }) => !path.startsWith('/v1/admin/')).map(({ path }) => path);
    expect(elsewhere).toEqual(['/v1/orders/{orderId}/pay']);
  });
});
