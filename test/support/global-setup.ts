import { createDataSource } from '../../ormconfig.js';
import { services } from './services.js';

/** Brings the database of the tests up to date, once for a run. */
export default async function setup(): Promise<void> {
  const dataSource = await createDataSource(services().databaseUrl).initialize();
  await dataSource.runMigrations();
  await dataSource.destroy();
}
