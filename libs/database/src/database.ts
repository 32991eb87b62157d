import { Injectable, OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';

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

const RECONNECT_MS = 500;
const CLOSE_MS = 2_000;

/**
 * MySQL. It connects at the first statement, not at the start, so that the service starts and serves the carts Redis
 * holds while MySQL is away; a failed connect is not repeated for half a second.
 *
 * Throws {@link DatabaseUnavailableError} for everything that a working MySQL would not have answered.
 */
@Injectable()
export class Database implements OnApplicationShutdown {
  private connecting: Promise<unknown> | undefined;
  private failedAt = 0;
  private failure: unknown;

  constructor(private readonly dataSource: DataSource) {}

  readonly query: Query = async <Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> => {
    await this.connect();
    try {
      return await this.dataSource.query<Row[]>(sql, [...parameters]);
    } catch (error) {
      throw translate(error);
    }
  };

  /** Commits what `work` did, or nothing of it. */
  async transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    await this.connect();
    try {
      return await this.dataSource.transaction('READ COMMITTED', (manager) =>
        work(<Row>(sql: string, parameters: readonly unknown[] = []) => manager.query<Row[]>(sql, [...parameters])),
      );
    } catch (error) {
      throw translate(error);
    }
  }

  async ping(): Promise<void> {
    await this.query('SELECT 1');
  }

  async onApplicationShutdown(): Promise<void> {
    if (!this.dataSource.isInitialized) return;
    const late = new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref());
    await Promise.race([this.dataSource.destroy().catch(() => undefined), late]);
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

function translate(error: unknown): unknown {
  if (error instanceof DatabaseUnavailableError) return error;
  const { code, fatal, message } = error as { code?: string; fatal?: boolean; message?: string };
  const lost = fatal === true || UNAVAILABLE.has(code ?? '') || /Queue limit reached|closed state/.test(message ?? '');
  return lost ? new DatabaseUnavailableError(error) : error;
}
