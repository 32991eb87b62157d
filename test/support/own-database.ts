import { randomBytes } from 'node:crypto';
import { createDataSource } from '../../ormconfig.js';
import { services } from './services.js';

/** A database of its own on the server of the tests, migrated and empty: for tests that look at, or change, the whole. */
export class OwnDatabase {
  private constructor(
    readonly name: string,
    readonly url: string,
  ) {}

  static async create(): Promise<OwnDatabase> {
    const name = `cart_test_${randomBytes(6).toString('hex')}`;
    await statement(services().databaseUrl, `CREATE DATABASE ${name}`);
    const url = new URL(services().databaseUrl);
    url.pathname = `/${name}`;
    const database = new OwnDatabase(name, url.href);
    const dataSource = await createDataSource(database.url).initialize();
    await dataSource.runMigrations();
    await dataSource.destroy();
    return database;
  }

  async drop(): Promise<void> {
    await statement(services().databaseUrl, `DROP DATABASE IF EXISTS ${this.name}`);
  }
}

async function statement(url: string, sql: string): Promise<void> {
  const dataSource = await createDataSource(url).initialize();
  await dataSource.query(sql).finally(() => dataSource.destroy());
}
