import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Metrics } from '@app/common';
import { Database } from '@app/database';
import { AdminAudit, AdminAuditTable, AuditEntry } from '@app/sync';
import { createDataSource } from '../../ormconfig.js';
import { eventually } from '../support/eventually.js';
import { OwnDatabase } from '../support/own-database.js';
import { freshUserId } from '../support/services.js';

let own: OwnDatabase;
let database: Database;

beforeAll(async () => {
  // A thousand lines that say nothing to whoever reads the run.
  Logger.overrideLogger(false);
  own = await OwnDatabase.create();
  database = new Database(createDataSource(own.url));
});
afterAll(async () => {
  await database.onApplicationShutdown();
  await own.drop();
});

/** MySQL behind a door that a test opens and shuts. */
class Door extends AdminAuditTable {
  isOpen = true;
  override add(entries: readonly AuditEntry[]): Promise<void> {
    return (this.isOpen ? new AdminAuditTable(database) : new AdminAuditTable(away)).add(entries);
  }
}
const away = new Database(createDataSource('mysql://cart@127.0.0.1:1/cart'));

function newAudit() {
  const [metrics, table] = [new Metrics(), new Door(database)];
  const audit = new AdminAudit(table, metrics, new HttpAdapterHost());
  const metric = async (name: string) => (await metrics.registry.getSingleMetric(name)!.get()).values[0]!.value;
  return { audit, table, metric };
}

const entryOf = (userId: string | null, overrides: Partial<AuditEntry> = {}): AuditEntry => ({
  userId,
  at: Date.now(),
  method: 'POST',
  route: '/v1/admin/carts/:userId/sync',
  target: '/v1/admin/carts/42/sync',
  body: '{"force":true}',
  status: 200,
  ...overrides,
});
const rowsOf = (userId: string) =>
  database.query<Record<string, unknown>>('SELECT * FROM admin_audit WHERE user_id = ? ORDER BY id', [userId]);

describe(AdminAudit.name, () => {
  it('writes who did what, when, and what came of it', async () => {
    const { audit } = newAudit();
    const userId = freshUserId();
    audit.record(entryOf(userId, { at: Date.parse('2026-11-22T08:00:00.123Z') }));
    audit.record(entryOf(userId, { status: null, body: null, target: `/v1/admin/skus/${'9'.repeat(900)}` }));
    const [first, second] = await eventually(async () => {
      const rows = await rowsOf(userId);
      expect(rows).toHaveLength(2);
      return rows;
    });
    expect(first).toMatchObject({ at: '2026-11-22 08:00:00.123', method: 'POST', body: '{"force":true}', status: 200 });
    expect(second).toMatchObject({ status: null, body: null });
    expect(second!['target']).toHaveLength(512);
  });

  it('keeps what was done while MySQL was away, and writes it later, each once', async () => {
    const { audit, table, metric } = newAudit();
    const userId = freshUserId();
    table.isOpen = false;
    for (let i = 0; i < 250; i++) audit.record(entryOf(userId));
    expect(await metric('cart_admin_audit_waiting')).toBe(250);
    table.isOpen = true;
    await eventually(async () => expect(await rowsOf(userId)).toHaveLength(250));
    await eventually(async () => expect(await metric('cart_admin_audit_waiting')).toBe(0));
    expect(await metric('cart_admin_audit_dropped_total')).toBe(0);
  });

  it('never keeps more than 1,000, and counts the rest', async () => {
    const { audit, table, metric } = newAudit();
    const userId = freshUserId();
    table.isOpen = false;
    for (let i = 0; i < 1010; i++) audit.record(entryOf(userId));
    expect(await metric('cart_admin_audit_waiting')).toBe(1000);
    expect(await metric('cart_admin_audit_dropped_total')).toBe(10);
    await audit.beforeApplicationShutdown();
    expect(await metric('cart_admin_audit_dropped_total')).toBe(1010);
  });

  it('is not filled by strangers, nor do they keep an administrator out of it', async () => {
    const { audit } = newAudit();
    const userId = freshUserId();
    for (let i = 0; i < 500; i++) audit.record(entryOf(null, { status: 401 }));
    audit.record(entryOf(userId));
    await eventually(async () => expect(await rowsOf(userId)).toHaveLength(1));
    const [row] = await database.query<{ n: string }>('SELECT COUNT(*) AS n FROM admin_audit WHERE user_id IS NULL');
    expect(Number(row!.n)).toBe(60);
  });

  it('is not held up by an entry that MySQL refuses', async () => {
    const { audit, metric } = newAudit();
    const userId = freshUserId();
    audit.record(entryOf('no number at all'));
    await eventually(async () => expect(await metric('cart_admin_audit_dropped_total')).toBe(1));
    audit.record(entryOf(userId));
    await eventually(async () => expect(await rowsOf(userId)).toHaveLength(1));
  });
});
