import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { Database, DatabaseUnavailableError } from '@app/database';
import { createDataSource } from '../../ormconfig.js';
import { services } from '../support/services.js';

const TABLE = `given_up_${process.pid}`;
const url = services().databaseUrl;
const database = new Database(createDataSource(url));
const other = createDataSource(url);

beforeAll(async () => {
  await other.initialize();
  await other.query(`CREATE TABLE ${TABLE} (id int PRIMARY KEY, counted int NOT NULL) ENGINE = InnoDB`);
});
beforeEach(async () => {
  await other.query(`DELETE FROM ${TABLE}`);
  await other.query(`INSERT INTO ${TABLE} VALUES (1, 0), (2, 0)`);
});
afterAll(async () => {
  // Or a transaction that is still open would hold the table.
  await database.onApplicationShutdown();
  await other.query(`DROP TABLE ${TABLE}`);
  await other.destroy();
});

it('a transaction that waited too long for a lock leaves nothing behind: no lock, and no connection inside it', async () => {
  const blocker = other.createQueryRunner();
  await blocker.startTransaction();
  try {
    await blocker.query(`UPDATE ${TABLE} SET counted = 1 WHERE id = 2`);
    const givenUp = database.transaction(async (query) => {
      await query('SET SESSION innodb_lock_wait_timeout = 1');
      await query(`UPDATE ${TABLE} SET counted = 7 WHERE id = 1`);
      await query(`UPDATE ${TABLE} SET counted = 7 WHERE id = 2`);
    });
    await expect(givenUp).rejects.toThrow(DatabaseUnavailableError);
    await blocker.query('SET SESSION innodb_lock_wait_timeout = 10');
    await blocker.query(`UPDATE ${TABLE} SET counted = counted + 1 WHERE id = 1`);
    await blocker.commitTransaction();
  } finally {
    await blocker.release();
  }
  await database.query(`INSERT INTO ${TABLE} VALUES (3, 0)`);
  const rows = await other.query(`SELECT id, counted FROM ${TABLE} ORDER BY id`);
  expect(rows).toEqual([
    { id: 1, counted: 1 },
    { id: 2, counted: 1 },
    { id: 3, counted: 0 },
  ]);
});
