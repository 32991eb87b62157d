import { randomBytes } from 'node:crypto';
import { createDataSource } from '../../ormconfig.js';
import { AppProcess } from '../support/app-process.js';
import { RedisServer } from '../support/redis-server.js';
import { services } from '../support/services.js';

/** The built service on a Redis and a database of its own: what it is made to do stays its own. No broker. */
export class PrivateApp {
  private constructor(
    readonly app: AppProcess,
    readonly redis: RedisServer,
    private readonly databaseUrl: string,
    private readonly settings: Record<string, string>,
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<PrivateApp> {
    const databaseUrl = await createDatabase();
    const redis = await RedisServer.start(['--appendonly', 'yes', '--maxmemory-policy', 'noeviction']);
    try {
      const all = {
        REDIS_URL: redis.url,
        DATABASE_URL: databaseUrl,
        TRANSPORT: 'in-process',
        RATE_LIMITS: 'off',
        ...settings,
      };
      return new PrivateApp(await AppProcess.start(all), redis, databaseUrl, all);
    } catch (error) {
      await redis.stop();
      await dropDatabase(databaseUrl);
      throw error;
    }
  }

  get url(): string {
    return this.app.url;
  }

  /** URL of its own database. */
  get database(): string {
    return this.databaseUrl;
  }

  /** Another process of the service on the same Redis and database. */
  another(settings: Record<string, string>): Promise<AppProcess> {
    return AppProcess.start({ ...this.settings, ...settings });
  }

  /** Messages that nobody could apply: no request leaves one behind. */
  async leaveDeadLetters(): Promise<void> {
    const bodies = ['not JSON', '{"pattern":"nobody listens"}', '[{"owner":"user:1"}]'];
    const insert = `INSERT INTO dead_letter (fingerprint, message_id, reason, body, created_at)
      VALUES (SHA2(?, 256), 'm1', 'left by a test', ?, UTC_TIMESTAMP(3))`;
    for (const body of bodies) await this.sql(insert, [body, body]);
  }

  /** What no request does: a statement on the database itself. */
  sql(statement: string, parameters: unknown[] = []): Promise<void> {
    return run(this.databaseUrl, (query) => query(statement, parameters));
  }

  /** Returns the exit code of the service. */
  async stop(): Promise<number | null> {
    const code = await this.app.stop();
    await this.redis.stop();
    await dropDatabase(this.databaseUrl);
    return code;
  }
}

async function createDatabase(): Promise<string> {
  const url = new URL(services().databaseUrl);
  const name = `cart_fuzz_${randomBytes(4).toString('hex')}`;
  await run(url.href, (query) => query(`CREATE DATABASE ${name}`));
  url.pathname = `/${name}`;
  const dataSource = await createDataSource(url.href).initialize();
  await dataSource.runMigrations();
  await dataSource.destroy();
  return url.href;
}

async function dropDatabase(url: string): Promise<void> {
  await run(url, (query) => query(`DROP DATABASE ${new URL(url).pathname.slice(1)}`));
}

type Query = (sql: string, parameters?: unknown[]) => Promise<unknown>;

async function run(url: string, work: (query: Query) => Promise<unknown>): Promise<void> {
  const dataSource = await createDataSource(url).initialize();
  try {
    await work((sql, parameters) => dataSource.query(sql, parameters));
  } finally {
    await dataSource.destroy();
  }
}
