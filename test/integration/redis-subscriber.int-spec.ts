import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RedisConnection, RedisSubscriber } from '@app/redis';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';

/** The way to a host that dies without a word: what is open stays open and silent, a new connection reaches another host. */
class Way {
  readonly #sockets = new Set<Socket>();
  accepted = 0;

  private constructor(
    readonly server: Server,
    private readonly port: number,
  ) {}

  static async to(port: number): Promise<Way> {
    const server = createServer();
    const way = new Way(server, port);
    server.on('connection', (client) => way.#accept(client));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return way;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  silence(): void {
    for (const socket of this.#sockets) socket.unpipe().resume();
  }

  close(): void {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(client: Socket): void {
    this.accepted += 1;
    const upstream = connect(this.port, '127.0.0.1');
    for (const socket of [client, upstream]) this.#sockets.add(socket.on('error', () => undefined));
    client.pipe(upstream).pipe(client);
  }
}

describe(RedisSubscriber.name, () => {
  let server: RedisServer;
  let redis: RedisConnection;
  const opened: { close: () => void }[] = [];

  beforeAll(async () => {
    server = await RedisServer.start();
    redis = new RedisConnection({ url: server.url });
    await redis.connect();
  });
  afterEach(() => opened.splice(0).forEach((one) => one.close()));
  afterAll(async () => {
    await redis.close();
    await server.stop();
  });

  async function open(pingMs: number) {
    const way = await Way.to(server.port);
    const heard: string[] = [];
    const subscriber = new RedisSubscriber({ url: way.url, name: 'test', pingMs }, (message) => heard.push(message));
    opened.push(subscriber, way);
    const state = { subscriber, way, heard, readyTimes: 0 };
    subscriber.onReady(() => (state.readyTimes += 1));
    subscriber.connect();
    await eventually(() => state.readyTimes > 0);
    return state;
  }

  it('hears again all it was subscribed to when its host dies without a word, and says when', async () => {
    const state = await open(1_000);
    const { subscriber, way, heard } = state;
    await subscriber.subscribe('a');
    await subscriber.subscribe('b');
    const before = state.readyTimes;
    way.silence();
    await eventually(() => state.readyTimes > before);
    // Whoever looks anew now misses nothing.
    await redis.command(['PUBLISH', 'a', '1']);
    await redis.command(['PUBLISH', 'b', '2']);
    await eventually(() => expect(heard).toEqual(['1', '2']));
    await subscriber.unsubscribe('a');
    await redis.command(['PUBLISH', 'a', '3']);
    await redis.command(['PUBLISH', 'b', '4']);
    await eventually(() => expect(heard).toEqual(['1', '2', '4']));
  });

  it('notices it although it goes on writing to that host', async () => {
    const state = await open(1_000);
    const { subscriber, way } = state;
    const before = state.readyTimes;
    way.silence();
    const visitors = setInterval(() => void subscriber.subscribe(`v${Math.random()}`).catch(() => undefined), 50);
    try {
      await eventually(() => state.readyTimes > before);
    } finally {
      clearInterval(visitors);
    }
  });

  it('gives up a host that takes the connection and never answers', async () => {
    const { way } = await open(1_000);
    server.pause();
    try {
      const before = way.accepted;
      await eventually(() => way.accepted >= before + 2);
    } finally {
      server.resume();
    }
  });

  it('keeps a connection on which nothing is told', async () => {
    const { subscriber, way } = await open(3_000);
    await subscriber.subscribe('quiet');
    const monitor = await server.monitor();
    const pings = () => monitor.lines.filter((line) => line.includes('"PING"'));
    await eventually(() => expect(pings().length).toBeGreaterThan(2), { timeoutMs: 40_000 });
    monitor.stop();
    expect(way.accepted).toBe(1);
  });
});
