import { afterAll, beforeAll, expect, it } from 'vitest';
import { Database } from '@app/database';
import { createDataSource } from '../../ormconfig.js';
import { freshSkuId, freshUserId, services } from '../support/services.js';

const dataSource = createDataSource(services().databaseUrl);
const database = new Database(createDataSource(services().databaseUrl));

beforeAll(() => dataSource.initialize());
afterAll(async () => {
  await dataSource.destroy();
  await database.onApplicationShutdown();
});

it('B13: every connection of ours is in UTC, those of migrations too', async () => {
  const zone = 'SELECT @@SESSION.time_zone AS zone';
  const own = await Promise.all(Array.from({ length: 5 }, () => database.query<{ zone: string }>(zone)));
  for (const [row] of own) expect(row).toEqual({ zone: '+00:00' });
  expect(await dataSource.query(zone)).toEqual([{ zone: '+00:00' }]);
});

it('B13: a row that another program inserts at +08:00 gets its times in UTC', async () => {
  const runner = dataSource.createQueryRunner();
  const row = [freshUserId(), freshSkuId()];
  try {
    await runner.query(`SET time_zone = '+08:00'`);
    await runner.query(
      'INSERT INTO cart (user_id, product_sku_id, product_sku_num, add_amount) VALUES (?, ?, 1, 1.00)',
      row,
    );
    const [ages] = (await runner.query(
      `SELECT TIMESTAMPDIFF(MINUTE, added_at, UTC_TIMESTAMP()) AS added,
        TIMESTAMPDIFF(MINUTE, changed_at, UTC_TIMESTAMP()) AS changed
        FROM cart WHERE user_id = ? AND product_sku_id = ?`,
      row,
    )) as { added: unknown; changed: unknown }[];
    expect([Number(ages!.added), Number(ages!.changed)]).toEqual([0, 0]);
  } finally {
    await runner.query('DELETE FROM cart WHERE user_id = ? AND product_sku_id = ?', row);
    await runner.query(`SET time_zone = '+00:00'`);
    await runner.release();
  }
});
