import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database, DatabaseUnavailableError } from '@app/database';
import { DataSource, QueryRunner } from 'typeorm';
import { createDataSource } from '../../ormconfig.js';
import { eventually } from '../support/eventually.js';
import { OwnDatabase } from '../support/own-database.js';
import { services } from '../support/services.js';

const POOL_SIZE = 10;
const CLIENTS = 12;

let own: OwnDatabase;
let database: Database;
/** Looks on, from another database. */
let watcher: DataSource;

beforeAll(async () => {
  own = await OwnDatabase.create();
  database = new Database(createDataSource(own.url));
  watcher = await createDataSource(services().databaseUrl).initialize();
});
afterAll(async () => {
  await database.onApplicationShutdown();
  await watcher.destroy();
  await own.drop();
});

/** The statements that the connections of the database carry out; `null`: none. */
async function connections(): Promise<(string | null)[]> {
  const rows: { info: string | null }[] = await watcher.query(
    'SELECT info FROM information_schema.processlist WHERE db = ?',
    [own.name],
  );
  return rows.map(({ info }) => info);
}

it('B2: no connection waits longer than three seconds for a lock', async () => {
  const ask = () => database.query<{ seconds: string }>('SELECT @@SESSION.innodb_lock_wait_timeout AS seconds');
  const answers = await Promise.all(Array.from({ length: POOL_SIZE }, ask));
  for (const [row] of answers) expect(Number(row!.seconds)).toBeLessThanOrEqual(3);
});

describe('with a row that another transaction holds', () => {
  const LOCK = 'SELECT id FROM held WHERE id = 1 FOR UPDATE';
  let holder: DataSource;
  let runner: QueryRunner;

  beforeAll(async () => {
    await database.query('CREATE TABLE held (id int PRIMARY KEY) ENGINE = InnoDB');
    await database.query('INSERT INTO held VALUES (1)');
    // Counted as none of the pool: it has no database of its own.
    holder = await createDataSource(services().databaseUrl).initialize();
    runner = holder.createQueryRunner();
    await runner.startTransaction();
    await runner.query(LOCK.replace('held', `${own.name}.held`));
  });
  afterAll(async () => {
    await runner.rollbackTransaction();
    await runner.release();
    await holder.destroy();
  });

  it('B2: a lock that is not had in time costs no connection', async () => {
    const idOf = async () => (await database.query<{ id: string }>('SELECT CONNECTION_ID() AS id'))[0]!.id;
    const before = await Promise.all(Array.from({ length: POOL_SIZE }, idOf));
    const waits = Array.from({ length: POOL_SIZE }, () => database.transaction((query) => query(LOCK)));
    expect(await reasonsOf(waits)).toEqual(waits.map(() => DatabaseUnavailableError.name));
    const after = await Promise.all(Array.from({ length: POOL_SIZE }, idOf));
    expect(after.every((id) => before.includes(id))).toBe(true);
  });

  it('B2: a statement that is given up ends in the server, and connections stay those of the pool and two more', async () => {
    // Longer than the client waits, as a statement may take that waits for no lock.
    const patient = () =>
      database.transaction(async (query) => {
        await query('SET SESSION innodb_lock_wait_timeout = 300');
        await query(LOCK);
      });
    let most = 0;
    let isOver = false;
    const watching = (async () => {
      while (!isOver) {
        most = Math.max(most, (await connections()).length);
        await delay(20);
      }
    })();
    for (let round = 0; round < 2; round++) {
      const waits = Array.from({ length: CLIENTS }, patient);
      expect(await reasonsOf(waits)).toEqual(waits.map(() => DatabaseUnavailableError.name));
    }
    await eventually(async () =>
      expect((await connections()).filter((info) => info?.includes('FOR UPDATE'))).toEqual([]),
    );
    await eventually(() => database.query('SELECT 1'));
    isOver = true;
    await watching;
    expect(most).toBeGreaterThanOrEqual(POOL_SIZE);
    expect(most).toBeLessThanOrEqual(POOL_SIZE + 2);
  });
});

async function reasonsOf(outcomes: readonly Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(outcomes);
  return settled.map((one) => (one.status === 'rejected' ? (one.reason as Error).name : one.status));
}
