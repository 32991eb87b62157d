import { Injectable, OnApplicationShutdown } from '@nestjs/common';
import { DataSource, QueryRunner } from 'typeorm';
import { Abandoned } from './abandoned.js';
import { POOL_SIZE } from './pool.js';
import { Slots } from './slots.js';

/** MySQL cannot be reached, or did not answer in time: nothing is known of a write. */
export class DatabaseUnavailableError extends Error {
  readonly appCode = 'CART_UNAVAILABLE';
  readonly retryAfter = 1;

  constructor(cause: unknown) {
    super('MySQL is not reachable', { cause });
    this.name = DatabaseUnavailableError.name;
  }
}

/** Runs one statement with its parameters; returns its rows. */
export type Query = <Row>(sql: string, parameters?: readonly unknown[]) => Promise<Row[]>;

const WAIT_MS = 1_000;
const WAITING = 500;
const RECONNECT_MS = 500;
const CLOSE_MS = 2_000;
const DEADLOCK = 1213;
const DEADLOCK_ATTEMPTS = 3;

/**
 * MySQL. It connects at the first statement, not at the start, so that the service starts and serves the carts Redis
 * holds while MySQL is away; a failed connect is not repeated for half a second.
 *
 * Throws {@link DatabaseUnavailableError} for everything that a working MySQL would not have answered.
 */
@Injectable()
export class Database implements OnApplicationShutdown {
  private readonly slots = new Slots(POOL_SIZE, WAITING, WAIT_MS);
  private connecting: Promise<unknown> | undefined;
  private failedAt = 0;
  private failure: unknown;
  private isClosing = false;
  private readonly abandoned: Abandoned;

  constructor(private readonly dataSource: DataSource) {
    this.abandoned = new Abandoned(dataSource.options);
  }

  /** Runs one statement, again after a deadlock: a statement can meet one by itself, between the locks of its rows. */
  readonly query: Query = <Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> =>
    this.untilNoDeadlock((runner) => runner.query(sql, [...parameters]) as Promise<Row[]>);

  /** Commits what `work` did, or nothing of it. A deadlock, after which nothing was done, starts `work` again. */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return this.untilNoDeadlock((runner) => commit(runner, work));
  }

  async ping(): Promise<void> {
    await this.query('SELECT 1');
  }

  async onApplicationShutdown(): Promise<void> {
    this.isClosing = true;
    if (!this.dataSource.isInitialized) return;
    const late = new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref());
    await Promise.race([this.dataSource.destroy().catch(() => undefined), late]);
  }

  private async untilNoDeadlock<T>(work: (runner: QueryRunner) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.withConnection(work);
      } catch (error) {
        if ((error as { errno?: number }).errno !== DEADLOCK || attempt === DEADLOCK_ATTEMPTS) throw error;
      }
    }
  }

  private async withConnection<T>(work: (runner: QueryRunner) => Promise<T>): Promise<T> {
    if (this.isClosing) throw new DatabaseUnavailableError(new Error('closing'));
    if (!(await this.slots.enter())) throw new DatabaseUnavailableError(new Error('every connection is busy'));
    // A place is free when its connection is, in the server too: so there are never more of them than places.
    let freed: Promise<void> | undefined;
    try {
      await this.connect();
      return await this.runAndRelease(work, (gone) => {
        freed = gone;
      });
    } catch (error) {
      throw isUnavailable(error) ? new DatabaseUnavailableError(error) : error;
    } finally {
      if (freed) void freed.then(() => this.slots.leave());
      else this.slots.leave();
    }
  }

  private async runAndRelease<T>(
    work: (runner: QueryRunner) => Promise<T>,
    onLost: (gone: Promise<void>) => void,
  ): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    const connection = (await runner.connect()) as { threadId: number; destroy(): void };
    try {
      return await work(runner);
    } catch (error) {
      // Its statement may still run, and its transaction be open: who got this connection next would be inside it.
      if (isLost(error)) {
        connection.destroy();
        if (isAbandoned(error)) onLost(this.abandoned.end(connection.threadId));
      }
      throw error;
    } finally {
      await runner.release();
    }
  }

  private async connect(): Promise<void> {
    if (this.dataSource.isInitialized) return;
    if (Date.now() - this.failedAt < RECONNECT_MS) throw new DatabaseUnavailableError(this.failure);
    this.connecting ??= this.dataSource.initialize().finally(() => (this.connecting = undefined));
    try {
      await this.connecting;
    } catch (error) {
      this.failedAt = Date.now();
      this.failure = error;
      throw new DatabaseUnavailableError(error);
    }
  }
}

async function commit<T>(runner: QueryRunner, work: (query: Query) => Promise<T>): Promise<T> {
  await runner.startTransaction('READ COMMITTED');
  try {
    const result = await work(
      <Row>(sql: string, parameters: readonly unknown[] = []) => runner.query(sql, [...parameters]) as Promise<Row[]>,
    );
    await runner.commitTransaction();
    return result;
  } catch (error) {
    // The connection is lost, or about to be thrown away, and its transaction with it.
    if (!isLost(error)) await runner.rollbackTransaction();
    throw error;
  }
}

/** Of a statement that was answered: the connection is as good as before. */
const ANSWERED = new Set(['ER_LOCK_WAIT_TIMEOUT', 'ER_OPTION_PREVENTS_STATEMENT']);

const UNAVAILABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'ER_CON_COUNT_ERROR',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_QUERY_INTERRUPTED',
  'ER_SERVER_SHUTDOWN',
  'ER_TOO_MANY_USER_CONNECTIONS',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
]);

function isUnavailable(error: unknown): boolean {
  if (error instanceof DatabaseUnavailableError) return true;
  const { code, fatal, message } = error as { code?: string; fatal?: boolean; message?: string };
  return fatal === true || UNAVAILABLE.has(code ?? '') || /Pool is closed|closed state/.test(message ?? '');
}

/** Whether the connection must not be used again. */
function isLost(error: unknown): boolean {
  return isUnavailable(error) && !ANSWERED.has((error as { code?: string }).code ?? '');
}

/** The client has not waited for the answer. */
function isAbandoned(error: unknown): boolean {
  return (error as { code?: string }).code === 'PROTOCOL_SEQUENCE_TIMEOUT';
}
