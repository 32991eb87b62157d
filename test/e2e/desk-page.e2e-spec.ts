import { SignJWT } from 'jose';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '@app/database';
import { createDataSource } from '../../ormconfig.js';
import { Api, type Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { Browser } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { OwnDatabase } from '../support/own-database.js';
import { RedisServer } from '../support/redis-server.js';
import { freshUserId, testVariables } from '../support/services.js';

let own: OwnDatabase;
let server: RedisServer;
let database: Database;
let app: AppProcess;
let api: Api;
let browser: Browser;

/** Servers of its own: limits, dead letters and runs are of everybody. */
beforeAll(async () => {
  [own, server] = await Promise.all([OwnDatabase.create(), RedisServer.start()]);
  // Alone: the start of a browser holds this process up for longer than a connection waits.
  browser = await Browser.start();
  database = new Database(createDataSource(own.url));
  app = await AppProcess.start({ DATABASE_URL: own.url, REDIS_URL: server.url, TRANSPORT: 'in-process' });
  api = new Api(app.url);
});
afterAll(async () => {
  await Promise.all([browser?.stop(), app?.stop()]);
  await database?.onApplicationShutdown();
  await Promise.all([server?.stop(), own?.drop()]);
});
beforeEach(() => {
  browser.complaints.length = 0;
});

async function token(roles: string[]): Promise<string> {
  return new SignJWT({ roles })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject('7')
    .setIssuer('shopping-cart')
    .setAudience('shopping-cart')
    .setExpirationTime('10m')
    .sign(Buffer.from(testVariables()['JWT_SECRET']!));
}

/** The desk at one of its places, with somebody signed in. */
async function deskAt(place: string): Promise<Page> {
  const page = await browser.page(`${app.url}/admin#${place}`);
  await page.getByLabel('Access token').fill(await token(['admin']));
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('navigation', { name: 'Desk' }).waitFor();
  return page;
}

const seen = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor();

async function shopperWith(quantity: number): Promise<{ user: Shopper; skuId: string }> {
  const [skuId] = (await api.skus({})) as [string];
  const user = await api.login();
  await user.add(skuId, quantity);
  await user.post('/v1/cart/sync');
  return { user, skuId };
}

/** The queue has brought so many changes: it does not write their rows once more. */
async function logged({ id }: Shopper, changes: number): Promise<void> {
  const lines = () => database.query("SELECT id FROM cart_change_log WHERE owner_kind = 'user' AND owner_id = ?", [id]);
  await eventually(async () => expect(await lines()).toHaveLength(changes));
}

/** What a set of the quantity would have sent, a moment later than the latest change. */
async function eventSetting({ id }: Shopper, skuId: string, quantity: number) {
  const { body } = await (await api.admin()).get(`/v1/admin/carts/${id}/diff`);
  const { updatedAt: changedAt, ...item } = body.items[0].redis;
  const version = String(BigInt(item.version) + 1n);
  const changed = { ...item, skuId, before: item.quantity, quantity, deleted: false, changedAt, version };
  const owner = { kind: 'user', id };
  return { schema: 1, owner, version, at: changedAt, action: 'set', source: 'user', epoch: 1, items: [changed] };
}

describe('signing in', () => {
  it('takes a token for this tab alone, and forgets it', async () => {
    const page = await deskAt('flow');
    await page.reload();
    await page.getByRole('navigation', { name: 'Desk' }).waitFor();
    expect(await page.evaluate('[document.cookie, localStorage.length]')).toEqual(['', 0]);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Access token').waitFor();
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
    expect(browser.complaints).toEqual([]);
    await page.close();
  });

  it('has the development login where the service has it', async () => {
    const page = await browser.page(`${app.url}/admin`);
    await page.getByRole('button', { name: 'Sign in as admin' }).click();
    await page.getByRole('navigation', { name: 'Desk' }).waitFor();
    expect(browser.complaints).toEqual([]);
    await page.close();
  });

  it('says why a token does not open the desk', async () => {
    const page = await browser.page(`${app.url}/admin`);
    for (const [given, code] of [['nonsense', 'UNAUTHENTICATED'] as const, [await token([]), 'FORBIDDEN'] as const]) {
      await page.getByLabel('Access token').fill(given);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await seen(page, code);
    }
    await page.close();
  });
});

describe('a cart', () => {
  it('shows a row edited by hand beside Redis, and force sync mends it', async () => {
    const { user, skuId } = await shopperWith(2);
    await database.query('UPDATE cart SET product_sku_num = 77 WHERE user_id = ?', [user.id]);
    const page = await deskAt('cart');
    await page.getByLabel('User id').fill(user.id);
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await seen(page, 'out of sync');
    const quantity = page.getByRole('row', { name: /^quantity/ });
    expect(await quantity.getByRole('cell').allInnerTexts()).toEqual(['2', '77']);
    await page.getByRole('button', { name: 'Force sync' }).click();
    await seen(page, /MySQL has the cart: 1 row written/);
    await page.getByText('in sync', { exact: true }).waitFor();
    expect(await database.query('SELECT product_sku_num FROM cart WHERE user_id = ?', [user.id])).toEqual([
      { product_sku_num: 2 },
    ]);
    // What happened to it stands below.
    const log = page.getByRole('region', { name: 'Change log' });
    expect(await log.getByRole('row').filter({ hasText: skuId }).count()).toBeGreaterThan(0);
    expect(browser.complaints).toEqual([]);
    await page.close();
  });

  it('is rebuilt after a question; what is newer in Redis is thrown away only after a second one', async () => {
    const { user } = await shopperWith(2);
    const [other] = await api.skus({});
    await user.add(other!, 1);
    await logged(user, 2);
    await database.query('DELETE FROM cart WHERE user_id = ? AND product_sku_id = ?', [user.id, other]);
    const page = await deskAt(`cart/${user.id}`);
    await page.getByRole('button', { name: 'Rebuild …' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Rebuild …' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Rebuild', exact: true }).click();
    await seen(page, 'REDIS_NEWER');
    expect((await user.cart()).items).toHaveLength(2);
    await page.getByRole('button', { name: 'Force rebuild …' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Force rebuild', exact: true }).click();
    await seen(page, /Redis has what MySQL has/);
    expect((await user.cart()).items).toHaveLength(1);
    await page.close();
  });
});

describe('the rest of the desk', () => {
  it('replays a dead letter, and says when it still cannot be applied', async () => {
    const { user, skuId } = await shopperWith(1);
    const bodies = [JSON.stringify(await eventSetting(user, skuId, 5)), '{"schema":1}'];
    for (const [index, body] of bodies.entries()) {
      await database.query(
        `INSERT INTO dead_letter (fingerprint, message_id, reason, body, created_at)
         VALUES (SHA2(?, 256), ?, 'the disk was full', ?, UTC_TIMESTAMP(3))`,
        [body, `m-${index}`, body],
      );
    }
    const page = await deskAt('dead-letters');
    const replay = async (message: string, outcome: RegExp) => {
      await page.getByRole('listitem').filter({ hasText: message }).getByRole('button', { name: 'Replay' }).click();
      await seen(page, outcome);
    };
    await replay('m-0', /Letter \d+ is applied/);
    await replay('m-1', /still cannot be applied: .*not a cart.changed event/);
    const kept = await database.query('SELECT message_id FROM dead_letter WHERE replayed_at IS NULL');
    expect(kept).toEqual([{ message_id: 'm-1' }]);
    expect((await user.cart()).items).toMatchObject([{ skuId, quantity: 5 }]);
    expect(browser.complaints).toEqual([]);
    await page.close();
  });

  it('raises the limits until a moment, and goes back to the defaults', async () => {
    const page = await deskAt('limits');
    const limits = async () => (await (await api.admin()).get('/v1/admin/limits')).body;
    await page.getByLabel('SKUs in a cart').fill('500');
    await page.getByLabel('Pieces of one SKU').fill('999');
    await page.getByLabel(/^Until/).fill('2099-11-12T00:00');
    await page.getByRole('button', { name: 'Set limits' }).click();
    await seen(page, /The limits are set/);
    const until = '2099-11-12T00:00:00.000Z';
    expect(await limits()).toMatchObject({ maxSkus: 500, maxQuantityPerSku: 999, until, overridden: true });
    await seen(page, 'until 2099-11-12 00:00:00 UTC');
    await page.getByRole('button', { name: 'Back to the defaults …' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Back to the defaults' }).click();
    await seen(page, 'The defaults hold again.');
    expect(await limits()).toMatchObject({ maxSkus: 120, maxQuantityPerSku: 99, overridden: false });
    expect(browser.complaints).toEqual([]);
    await page.close();
  });

  it('starts a full sync and a warm-up, and shows what they came to', async () => {
    const page = await deskAt('runs');
    await page.getByRole('button', { name: 'Start full sync' }).click();
    await seen(page, /Run \d+ is under way/);
    await page.getByRole('row').filter({ hasText: 'manual' }).filter({ hasText: 'succeeded' }).first().waitFor();
    await page.getByLabel('Carts', { exact: true }).fill('10');
    await page.getByRole('button', { name: 'Warm up …' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Warm up', exact: true }).click();
    await page.getByRole('row').filter({ hasText: 'warm-up' }).filter({ hasText: 'succeeded' }).first().waitFor();
    expect(browser.complaints).toEqual([]);
    await page.close();
  });

  it('shows the lag from the change to the row, the outbox, and what was left unpaid', async () => {
    const { skuId } = await shopperWith(1);
    await eventually(async () => {
      const { body } = await (await api.admin()).get('/v1/admin/lag');
      expect(body).toMatchObject({ windowMs: 60_000, goalMs: 2_000 });
      expect(body.changes).toBeGreaterThan(0);
      expect(body.p99Ms).toBeGreaterThanOrEqual(body.p50Ms);
    });
    const page = await deskAt('flow');
    await seen(page, /\d+ changes? in the last minute/);
    await page.getByRole('img', { name: /^From the change to the row: p50 \d/ }).waitFor();
    await page.getByRole('link', { name: 'Left unpaid' }).click();
    await page.getByRole('row').filter({ hasText: skuId }).waitFor();
    expect(browser.complaints).toEqual([]);
    await page.close();
  });

  it('has every write of the page in the audit', async () => {
    const rows = await eventually(async () => {
      const found = await database.query<{ route: string }>(
        "SELECT DISTINCT route FROM admin_audit WHERE user_id = '7'",
      );
      expect(found.length).toBeGreaterThanOrEqual(6);
      return found;
    });
    expect(rows.map(({ route }) => route).sort()).toEqual([
      '/v1/admin/carts/:userId/rebuild',
      '/v1/admin/carts/:userId/sync',
      '/v1/admin/dead-letters/:id/replay',
      '/v1/admin/limits',
      '/v1/admin/sync',
      '/v1/admin/warm-up',
    ]);
  });

  it('says that the service does not answer, and goes on by itself', async () => {
    const page = await deskAt('flow');
    await seen(page, 'In the outbox');
    await page.route('**/v1/admin/**', (route) => route.abort());
    await page.getByText('UNREACHABLE').waitFor();
    await page.unroute('**/v1/admin/**');
    await page.getByText('UNREACHABLE').waitFor({ state: 'detached' });
    await page.close();
  });
});

it('tells Prometheus what the desk shows', async () => {
  const { body } = await api.call<string>('GET', '/metrics');
  for (const part of ['redis', 'mysql', 'broker', 'outbox']) expect(body).toContain(`cart_part_up{part="${part}"} 1\n`);
  expect(body).toMatch(/^cart_dead_letters_waiting 1$/m);
});

it('leaves unknown addresses to the API’s own answer', async () => {
  for (const path of ['/admin/x', '/assets/x.js', `/admin/${freshUserId()}`]) {
    const answer = await api.call('GET', path);
    expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  }
  const { headers } = await api.call('GET', '/admin');
  expect(headers.get('content-security-policy')).toContain("script-src 'self'");
});
