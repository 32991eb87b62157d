import { DataSource } from 'typeorm';
import { POOL_SIZE } from './libs/database/src/pool.js';
import { driver } from './libs/database/src/driver.js';
import { migrations } from './libs/database/src/migrations/index.js';
import { databaseTls, type TlsSettings } from './libs/database/src/tls.js';

/**
 * The one DataSource: of the service, of the TypeORM command line and of the tests.
 *
 * Bigints and decimals stay text and datetimes stay UTC text: a JavaScript number or Date in between would round.
 */
export function createDataSource(url: string | undefined, tls: TlsSettings = process.env): DataSource {
  return new DataSource({
    type: 'mysql',
    driver,
    url,
    ssl: databaseTls(tls),
    entities: [],
    migrations,
    migrationsTableName: 'migrations',
    timezone: 'Z',
    charset: 'utf8mb4',
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    connectTimeout: 2_000,
    maxQueryExecutionTime: 3_000,
    enableQueryTimeout: true,
    poolSize: POOL_SIZE,
    extra: { enableKeepAlive: true },
  });
}

export default createDataSource(process.env['DATABASE_URL']);
