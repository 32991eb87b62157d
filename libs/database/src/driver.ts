import { createPool as createMysqlPool, type Pool, type PoolOptions } from 'mysql2';

/**
 * How long a statement may wait for a lock, seconds: less than a client waits for a statement, so that the server ends
 * it, and the connection goes on. The server's own default is 50.
 */
const LOCK_WAIT_SECONDS = 2;
/** What every connection begins with, on MySQL and MariaDB. */
const SESSION = `SET SESSION innodb_lock_wait_timeout = ${LOCK_WAIT_SECONDS}, time_zone = '+00:00'`;

/** The part of mysql2 that TypeORM uses. Its pools prepare each connection before anything else is asked on it. */
export const driver = {
  createPool(options: PoolOptions): Pool {
    const pool = createMysqlPool(options);
    pool.on('connection', (connection) => {
      connection.query(SESSION, (error) => {
        if (error) connection.destroy();
      });
    });
    return pool;
  },
};
