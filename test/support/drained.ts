import { expect } from 'vitest';
import type { Database } from '@app/database';
import type { Shopper } from './api.js';
import { eventually } from './eventually.js';

/** Versions of a user's changes that the log has; each change is there once. */
async function logged(database: Database, userId: string): Promise<Set<string>> {
  const lines = await database.query<{ version: string; sku_id: string }>(
    "SELECT version, sku_id FROM cart_change_log WHERE owner_kind = 'user' AND owner_id = ?",
    [userId],
  );
  expect(new Set(lines.map(({ version, sku_id }) => `${version} ${sku_id}`)).size).toBe(lines.length);
  return new Set(lines.map(({ version }) => version));
}

/** Every acknowledged version (by user) has come to MySQL, and a comparison of all carts finds nothing to do. */
export async function assertDrained(
  { admin, database }: { admin: Shopper; database: Database },
  acknowledged: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<void> {
  await eventually(
    async () => {
      expect((await admin.get('/v1/admin/outbox')).body).toMatchObject({ depth: 0, deadLetters: 0 });
      for (const [userId, versions] of acknowledged) {
        const known = await logged(database, userId);
        expect([...versions].filter((version) => !known.has(version))).toEqual([]);
        expect((await admin.get(`/v1/admin/carts/${userId}/diff`)).body).toMatchObject({ inSync: true });
      }
    },
    { timeoutMs: 240_000, intervalMs: 500 },
  );
  const { runId } = (await admin.post('/v1/admin/sync')).body;
  await eventually(
    async () => {
      const { runs } = (await admin.get<{ runs: any[] }>('/v1/admin/sync/runs')).body;
      const run = runs.find((one) => one.runId === runId);
      expect(run).toMatchObject({ status: 'succeeded', failures: 0, written: 0, softDeleted: 0, drift: 0 });
      expect(run.carts).toBeGreaterThanOrEqual(acknowledged.size);
    },
    { timeoutMs: 60_000 },
  );
}
