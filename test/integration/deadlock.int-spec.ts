import { afterAll, beforeAll, expect, it } from 'vitest';
import { Database } from '@app/database';
import { createDataSource } from '../../ormconfig.js';
import { eventually } from '../support/eventually.js';
import { services } from '../support/services.js';

const TABLE = `deadlock_${process.pid}`;
const url = services().databaseUrl;
const database = new Database(createDataSource(url));
const other = createDataSource(url);

beforeAll(async () => {
  await other.initialize();
  await other.query(`CREATE TABLE ${TABLE} (id int PRIMARY KEY, counted int NOT NULL) ENGINE = InnoDB`);
  const rows = Array.from({ length: 50 }, (_, i) => `(${i + 1}, 0)`);
  await other.query(`INSERT INTO ${TABLE} VALUES ${rows.join(', ')}`);
});
afterAll(async () => {
  await other.query(`DROP TABLE ${TABLE}`);
  await other.destroy();
  await database.onApplicationShutdown();
});

it('a single statement that met a deadlock is run again', async () => {
  const runner = other.createQueryRunner();
  await runner.startTransaction();
  try {
    // The one that changed more rows survives a deadlock.
    await runner.query(`UPDATE ${TABLE} SET counted = counted + 1 WHERE id > 1`);
    const statement = database.query(`UPDATE ${TABLE} SET counted = counted + 100 WHERE id IN (1, 2)`);
    await eventually(async () => {
      const [{ waiting }] = await other.query(
        `SELECT COUNT(*) AS waiting FROM information_schema.processlist WHERE info LIKE 'UPDATE ${TABLE} SET counted = counted + 100%'`,
      );
      expect(Number(waiting)).toBe(1);
    });
    await runner.query(`UPDATE ${TABLE} SET counted = counted + 1 WHERE id = 1`);
    await runner.commitTransaction();
    await statement;
  } finally {
    await runner.release();
  }
  const rows = await other.query(`SELECT counted FROM ${TABLE} WHERE id <= 2 ORDER BY id`);
  expect(rows).toEqual([{ counted: 101 }, { counted: 101 }]);
});
