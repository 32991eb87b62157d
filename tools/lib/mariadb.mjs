import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { until } from './wait.mjs';

/** @typedef {import('./processes.mjs').Processes} Processes */

/** A server that starts deletes the temporary tables it finds: those of another one too, where they share a folder. */
const TEMPORARY = 'tmp';

/** The server's own user must be named when it runs as root, and must not be otherwise. */
const asUser = () => (process.getuid?.() === 0 ? ['--user=root'] : []);

/**
 * Makes the data folder once. It is filled under another name and renamed when complete, so that an interrupted first
 * start is no trap for the next one.
 * @param {{ installer: string, dataDir: string, processes: Processes, signal: AbortSignal }} options
 * @returns {Promise<boolean>} whether it had to be made
 */
export async function installMariadb({ installer, dataDir, processes, signal }) {
  const home = join(dataDir, 'mysql');
  if (existsSync(join(home, 'data'))) return false;
  mkdirSync(home, { recursive: true });
  for (const left of readdirSync(home).filter((name) => name.startsWith('new-'))) {
    rmSync(join(home, left), { recursive: true, force: true });
  }
  const fresh = `new-${process.pid}`;
  mkdirSync(join(home, TEMPORARY), { recursive: true });
  await processes.run('mariadb-install-db', {
    command: installer,
    // A relative folder: the script does not quote the name, which may hold a space.
    args: ['--no-defaults', ...asUser(), `--datadir=./${fresh}`, '--skip-test-db', '--skip-name-resolve'],
    env: { ...process.env, TMPDIR: join(home, TEMPORARY) },
    cwd: home,
    timeoutMs: 120_000,
    signal,
    failure: 'MariaDB could not make its data folder',
  });
  renameSync(join(home, fresh), join(home, 'data'));
  return true;
}

/**
 * The private MariaDB: a committed transaction is on disk before the answer.
 * @param {{ program: string, dataDir: string, port: number, password: string, durable?: boolean }} options
 *   `durable: false` hands it to the kernel instead: a killed process still loses nothing, a machine without power may
 * @returns {import('./part.mjs').PartSpec}
 */
export function mariadbPart({ program, dataDir, port, password, durable = true }) {
  const home = join(dataDir, 'mysql');
  const initFile = join(home, 'init.sql');
  return {
    name: 'mysql',
    title: 'MariaDB',
    invocation: () => {
      mkdirSync(join(home, TEMPORARY), { recursive: true });
      writeFileSync(initFile, initSql(password), { mode: 0o600 });
      return {
        command: program,
        args: [
          '--no-defaults',
          ...asUser(),
          `--datadir=${join(home, 'data')}`,
          `--tmpdir=${join(home, TEMPORARY)}`,
          '--bind-address=127.0.0.1',
          `--port=${port}`,
          // Relative to the data folder: a socket's path is limited to 107 bytes, a folder's is not.
          '--socket=mysql.sock',
          '--pid-file=mysqld.pid',
          `--init-file=${initFile}`,
          '--skip-name-resolve',
          '--skip-log-bin',
          '--character-set-server=utf8mb4',
          '--default-time-zone=+00:00',
          '--innodb-buffer-pool-size=256M',
          `--innodb-flush-log-at-trx-commit=${durable ? 1 : 2}`,
          ...(durable ? [] : ['--skip-innodb-doublewrite']),
          '--max-connections=300',
        ],
        cwd: home,
      };
    },
    // The greeting comes after the init file has run.
    ready: (signal) =>
      until(() => greets(port), { timeoutMs: 60_000, what: 'MariaDB did not answer', signal, everyMs: 50 }),
  };
}

/** @param {string} password */
export function initSql(password) {
  return [
    'CREATE DATABASE IF NOT EXISTS `cart`;',
    `CREATE OR REPLACE USER 'cart'@'127.0.0.1' IDENTIFIED BY '${password}';`,
    // Tests make databases of their own beside it.
    "GRANT ALL PRIVILEGES ON `cart%`.* TO 'cart'@'127.0.0.1';",
    '',
  ].join('\n');
}

/** Whether the server sends its handshake (protocol 10), not an error packet. @param {number} port */
function greets(port) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 1000 });
    socket.once('data', (packet) => {
      resolve(packet[4] === 10);
      socket.destroy();
    });
    socket.on('timeout', () => socket.destroy(new Error('no greeting within 1 s')));
    socket.on('error', reject);
    socket.on('close', () => resolve(false));
  });
}
