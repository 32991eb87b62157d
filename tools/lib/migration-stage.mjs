import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Failure } from './failure.mjs';

const DATABASE = 'cart_migrations';

/** @typedef {{ query(sql: string, parameters?: unknown[]): Promise<any> }} Queries */

/**
 * Runs every migration, reverts every one, runs them again, on an empty database; the schema must be empty in between
 * and the same after both runs.
 * @param {{ root: string, env: NodeJS.ProcessEnv, signal: AbortSignal }} options
 * @returns {Promise<string>} what was done, in a line
 * @throws {Failure}
 */
export async function checkMigrations({ root, env, signal }) {
  const server = env['DATABASE_URL'] ?? '';
  const url = new URL(server);
  url.pathname = `/${DATABASE}`;
  const open = await dataSources(root);
  const outer = await open(server).initialize();
  try {
    await outer.query(`DROP DATABASE IF EXISTS ${DATABASE}`);
    await outer.query(`CREATE DATABASE ${DATABASE}`);
    const inner = await open(url.href).initialize();
    try {
      const files = readdirSync(join(root, 'libs', 'database', 'src', 'migrations')).filter((name) =>
        /^\d+-.*\.ts$/.test(name),
      );
      await inner.runMigrations();
      const first = await schemaOf(outer);
      if (first.length === 0) throw new Failure('The migrations made no table.');
      for (let left = files.length; left > 0; left -= 1) {
        signal.throwIfAborted();
        await inner.undoLastMigration();
      }
      const between = await schemaOf(outer);
      if (between.length > 0) throw new Failure(`After ${files.length} reverts there is still ${between[0]}.`);
      await inner.runMigrations();
      const again = await schemaOf(outer);
      const differs = [
        ...first.filter((line) => !again.includes(line)),
        ...again.filter((line) => !first.includes(line)),
      ];
      if (differs.length > 0) throw new Failure(`Run again, the migrations made another schema: ${differs[0]}.`);
      return `${files.length} migrations up, down and up; ${first.length} columns and indexes`;
    } finally {
      await inner.destroy();
    }
  } finally {
    await outer.query(`DROP DATABASE IF EXISTS ${DATABASE}`).catch(() => {});
    await outer.destroy();
  }
}

/**
 * The project's own data sources, from the build: migrations run as they do in production.
 * @param {string} root
 */
async function dataSources(root) {
  const file = pathToFileURL(join(root, 'dist', 'ormconfig.js')).href;
  /** @type {{ createDataSource: (url: string) => import('typeorm').DataSource }} */
  const { createDataSource } = await import(file);
  return createDataSource;
}

/**
 * One line per column and per index, TypeORM's own table left out.
 * @param {Queries} database
 * @returns {Promise<string[]>}
 */
async function schemaOf(database) {
  const rows = await database.query(
    `SELECT CONCAT_WS(' ', table_name, column_name, column_type, is_nullable, column_default, extra, column_comment) AS line
       FROM information_schema.columns WHERE table_schema = ? AND table_name <> 'migrations'
     UNION ALL
     SELECT CONCAT_WS(' ', table_name, index_name, non_unique, seq_in_index, column_name)
       FROM information_schema.statistics WHERE table_schema = ? AND table_name <> 'migrations'
     ORDER BY 1`,
    [DATABASE, DATABASE],
  );
  return /** @type {{ line: string }[]} */ (rows).map(({ line }) => line);
}
