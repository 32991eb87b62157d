import { connect, createServer, Server, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CART_CHANGED, CartLoader, CartStore, toCartChanged } from '@app/cart';
import { Metrics } from '@app/common';
import { CartTable, Database } from '@app/database';
import { NoopLockService, RedisConnection } from '@app/redis';
import { EventClient, EventServer, InProcessBroker, InProcessClient, InProcessServer } from '@app/rocketmq';
import { RocketmqClient, RocketmqContext, RocketmqServer, TransportClosedError } from '@app/rocketmq';
import {
  CartChangedConsumer,
  CartChangedWriter,
  ChangeLogTable,
  DeadLetterTable,
  Epochs,
  MysqlBreaker,
  OutboxStore,
  RedisFeedback,
  SyncMetrics,
  SyncService,
} from '@app/sync';
import { createDataSource } from '../../ormconfig.js';
import { sharedBroker } from '../support/broker.js';
import { startEventApp } from '../support/event-app.js';
import { eventually } from '../support/eventually.js';
import { newItem } from '../support/factories.js';
import { freshUserId, services, testEnv } from '../support/services.js';

Logger.overrideLogger(false);

/** The way to MySQL: while it is closed nobody gets there, and whoever was there has lost the connection. */
class Gate {
  private readonly open = new Set<Socket>();
  private isClosed = false;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(target: URL): Promise<Gate> {
    const server = createServer((from) => gate.join(from, target));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = new URL(target);
    url.port = String((server.address() as { port: number }).port);
    const gate = new Gate(server, url.href);
    return gate;
  }

  close(): void {
    this.isClosed = true;
    for (const socket of this.open) socket.destroy();
  }

  reopen(): void {
    this.isClosed = false;
  }

  async stop(): Promise<void> {
    this.close();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(from: Socket, target: URL): void {
    if (this.isClosed) return void from.destroy();
    const to = connect(Number(target.port), target.hostname);
    for (const [socket, other] of [
      [from, to],
      [to, from],
    ] as const) {
      this.open.add(socket);
      socket.on('error', () => undefined).on('close', () => (this.open.delete(socket), other.destroy()));
      socket.pipe(other);
    }
  }
}

/** Twice the shortest that the broker allows, so that a renewal may be late. */
const INVISIBLE_MS = 20_000;
/** What the broker takes to bring a message back that was not acknowledged in time. */
const BROKER_MS = 3_000;
const env = testEnv();
const redis = new RedisConnection({ url: `${services().redisUrl}/6` });
const direct = new Database(createDataSource(services().databaseUrl));
const outbox = new OutboxStore(redis, env);
let gate: Gate;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  await redis.connect();
  gate = await Gate.start(new URL(services().databaseUrl));
});
afterEach(async () => {
  gate.reopen();
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(async () => {
  await outbox.onApplicationShutdown();
  await redis.close();
  await direct.onApplicationShutdown();
  await gate.stop();
});

/** The service's consumer behind a transport, with its way to MySQL through the gate. */
async function consumerBehind(server: EventServer) {
  const database = new Database(createDataSource(gate.url));
  const registry = new Metrics();
  const metrics = new SyncMetrics(registry, outbox);
  const [table, store] = [new CartTable(database), new CartStore(redis, env)];
  const sync = new SyncService(store, new CartLoader(store, table, new NoopLockService()), table);
  const feedback = new RedisFeedback(store, sync, new Epochs(redis));
  const [log, letters] = [new ChangeLogTable(database), new DeadLetterTable(database)];
  const breaker = new MysqlBreaker(database, metrics);
  const consumer = new CartChangedConsumer(
    new CartChangedWriter(database, table, log, letters, feedback, metrics),
    breaker,
  );
  const attempts: number[] = [];
  const handle = (data: never, context: RocketmqContext) => {
    attempts.push(context.getDeliveryAttempt());
    return consumer.handle(data, context);
  };
  const app = await startEventApp(server, [[CART_CHANGED, handle]]);
  closing.push(
    () => database.onApplicationShutdown(),
    () => app.close(),
    () => breaker.beforeApplicationShutdown(),
  );
  return { attempts, registry };
}

/** `againMs`: what a transport takes at most to deliver a message again that was not held. */
interface Transport {
  client: EventClient;
  server: EventServer;
  againMs: number;
}

const transports: [name: string, make: () => Promise<Transport>][] = [
  [
    'RocketMQ',
    async () => {
      const broker = sharedBroker();
      const [topic, group] = await Promise.all([broker.newTopic(), broker.newGroup()]);
      const { endpoints } = broker;
      const client = new RocketmqClient({ endpoints, topic });
      await client.connect();
      // What is received and not renewed is delivered again, as the next attempt, while MySQL is unavailable.
      const server = new RocketmqServer({ endpoints, topic, group, invisibleMs: INVISIBLE_MS });
      return { client, server, againMs: INVISIBLE_MS + BROKER_MS };
    },
  ],
  [
    'in process',
    async () => {
      const broker = new InProcessBroker();
      return { client: new InProcessClient(broker), server: new InProcessServer(broker), againMs: 1_000 };
    },
  ],
];

describe.each(transports)('while MySQL is away (%s)', (_name, make) => {
  it(
    'nothing is received and no attempt is spent; what waited is written afterwards',
    { timeout: 180_000 },
    async () => {
      const { client, server, againMs } = await make();
      const { attempts, registry } = await consumerBehind(server);
      closing.push(() => client.close());
      const gauge = async () =>
        (await registry.registry.getSingleMetric('cart_consumer_paused')!.get()).values[0]!.value;
      gate.close();
      const users = Array.from({ length: 3 }, () => freshUserId());
      const sent = users.map((id) => {
        const item = { ...newItem(), before: 0, deleted: false };
        const owner = { kind: 'user', id } as const;
        const change = { owner, version: item.version, at: Date.now(), action: 'add', source: 'user', items: [item] };
        return client.emitMany(CART_CHANGED, [toCartChanged(change, Number.MAX_SAFE_INTEGER)]);
      });
      for (const one of sent) one.catch((error) => expect(error).toBeInstanceOf(TransportClosedError));
      await eventually(async () => expect(await gauge()).toBe(1), { timeoutMs: 45_000 });
      await sleep(againMs);
      expect(attempts).toEqual([1]);
      gate.reopen();
      await eventually(
        async () => {
          const rows = await direct.query('SELECT 1 FROM cart WHERE user_id IN (?, ?, ?)', users);
          expect(rows).toHaveLength(3);
        },
        { timeoutMs: 45_000 },
      );
      await eventually(async () => expect(await gauge()).toBe(0));
      expect(new Set(attempts)).toEqual(new Set([1]));
    },
  );
});
