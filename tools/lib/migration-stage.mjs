import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './failure.mjs';

/** @typedef {import('./processes.mjs').Processes} Processes */

const DATABASE = 'cart_migrations';

/**
 * Runs every migration, reverts every one, runs them again, on an empty database; the schema must be empty in between
 * and the same after both runs.
 * @param {{ root: string, env: NodeJS.ProcessEnv, processes: Processes, signal: AbortSignal }} options
 * @throws {Failure}
 */
export async function checkMigrations({ root, env, processes, signal }) {
  const server = env['DATABASE_URL'] ?? '';
  const url = new URL(server);
  url.pathname = `/${DATABASE}`;
  const typeorm = (/** @type {string} */ command) =>
    processes.run('migrations', {
      command: process.execPath,
      args: [
        join(root, 'node_modules', 'typeorm', 'cli.js'),
        `migration:${command}`,
        '-d',
        join('dist', 'ormconfig.js'),
      ],
      cwd: root,
      env: { ...env, DATABASE_URL: url.href },
      timeoutMs: 120_000,
      signal,
      failure: `migration:${command} failed`,
    });

  const database = await openDatabase(server);
  try {
    await database.query(`DROP DATABASE IF EXISTS ${DATABASE}`);
    await database.query(`CREATE DATABASE ${DATABASE}`);
    const files = readdirSync(join(root, 'libs', 'database', 'src', 'migrations')).filter((name) =>
      /^\d+-.*\.ts$/.test(name),
    );
    await typeorm('run');
    const first = await schemaOf(database);
    if (first.length === 0) throw new Failure('The migrations made no table.');
    for (let left = files.length; left > 0; left -= 1) await typeorm('revert');
    const between = await schemaOf(database);
    if (between.length > 0) throw new Failure(`After ${files.length} reverts there is still ${between[0]}.`);
    await typeorm('run');
    const again = await schemaOf(database);
    const differs = [
      ...first.filter((line) => !again.includes(line)),
      ...again.filter((line) => !first.includes(line)),
    ];
    if (differs.length > 0) throw new Failure(`Run again, the migrations made another schema: ${differs[0]}.`);
    return `${files.length} migrations up, down and up; ${first.length} columns and indexes`;
  } finally {
    await database.query(`DROP DATABASE IF EXISTS ${DATABASE}`).catch(() => {});
    database.destroy();
  }
}

/** The driver is the project's own, there by now: this runs after `npm ci`. @param {string} url */
async function openDatabase(url) {
  const { createConnection } = await import('mysql2/promise');
  return createConnection({ uri: url, connectTimeout: 5000 });
}

/**
 * One line per column and per index, TypeORM's own table left out.
 * @param {Awaited<ReturnType<typeof openDatabase>>} database
 * @returns {Promise<string[]>}
 */
async function schemaOf(database) {
  const [rows] = await database.query(
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
