import { services } from './services.js';

/** Brings the databases of the tests up to date, once for a run, unless TEST_SCHEMA says that they are. */
export default async function setup(): Promise<void> {
  if (process.env['TEST_SCHEMA'] === 'ready') return;
  const { createDataSource } = await import('../../ormconfig.js');
  const dataSource = await createDataSource(services().databaseUrl).initialize();
  await dataSource.runMigrations();
  await dataSource.destroy();
}
