import { gzipSync } from 'node:zlib';
import { Logger } from '@nestjs/common';
import definition from 'rocketmq-client-nodejs/proto/apache/rocketmq/v2/definition_pb.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeBroker } from '../../../test/support/broker-fake.js';
import { eventually } from '../../../test/support/eventually.js';
import { RocketmqServer } from './rocketmq.server.js';

Logger.overrideLogger(false);

const { Encoding, Message, Resource, SystemProperties } = definition;

function message(id: string, body: Buffer, encoding = Encoding.IDENTITY) {
  const properties = new SystemProperties().setMessageId(id).setReceiptHandle(id).setBodyEncoding(encoding);
  return new Message().setTopic(new Resource().setName('topic')).setBody(body).setSystemProperties(properties);
}

describe(RocketmqServer.name, { timeout: 30_000 }, () => {
  let broker: FakeBroker;
  let server: RocketmqServer;

  beforeEach(async () => {
    broker = await FakeBroker.start();
  });

  afterEach(async () => {
    await server.close();
    await broker.stop();
  });

  function listen(options: Partial<ConstructorParameters<typeof RocketmqServer>[0]> = {}): void {
    server = new RocketmqServer({
      endpoints: broker.endpoints,
      topic: 'topic',
      group: 'group',
      requestTimeoutMs: 5000,
      reconnect: { minMs: 20, maxMs: 50 },
      receiveBackOff: { minMs: 100, maxMs: 400 },
      ...options,
    });
    server.listen(() => undefined);
  }

  it('calls back without waiting for the broker, and has nothing to unwrap until it is there', async () => {
    listen();
    expect(server.health.state).toBe('connecting');
    expect(() => server.unwrap()).toThrow('not connected');
    await eventually(() => expect(server.health.state).toBe('connected'));
    expect(server.unwrap()).toBeDefined();
  });

  it('does not spin when the proxy refuses each receive at once', async () => {
    broker.behaviour.receive = 'refuses';
    listen();
    await eventually(() => expect(broker.receives.length).toBeGreaterThanOrEqual(6));
    const gaps = broker.receives.slice(1).map((at, n) => at - (broker.receives[n] as number));
    expect(Math.min(...gaps)).toBeGreaterThan(70);
    expect(Math.max(...gaps.slice(3))).toBeGreaterThan(300);
    expect(server.health.state).toBe('down');
    broker.behaviour.receive = 'waits';
    await eventually(() => expect(server.health.state).toBe('connected'));
  });

  it('does not spin when the proxy answers at once that there is nothing', async () => {
    broker.behaviour.receive = [];
    listen();
    await eventually(() => expect(broker.receives.length).toBeGreaterThanOrEqual(2));
    const [first, second] = broker.receives as [number, number];
    expect(second - first).toBeGreaterThan(70);
    expect(server.health.state).toBe('connected');
  });

  it('takes a message that cannot be unpacked for poison, and handles its neighbours', async () => {
    const poison: string[] = [];
    const got: unknown[] = [];
    broker.behaviour.receive = [
      message('zip', gzipSync('{"pattern":"x","data":1}'), Encoding.GZIP),
      message('bad', Buffer.from('no gzip at all'), Encoding.GZIP),
      message('bomb', gzipSync(Buffer.alloc(65 * 1024 * 1024)), Encoding.GZIP),
      message('plain', Buffer.from('{"pattern":"x","data":2}')),
    ];
    listen({ onPoison: async ({ id }) => void poison.push(id) });
    server.addHandler('x', async (data: unknown) => void got.push(data), true);
    await eventually(() => expect(got).toEqual([1, 2]));
    expect(poison).toEqual(['bad', 'bomb']);
  });

  it('cancels its long poll when it closes, and leaves no connection behind', async () => {
    listen({ awaitMs: 60_000 });
    await eventually(() => expect(broker.receives).toHaveLength(1));
    await server.close();
    // Left alone, the poll would hold the connection for another minute.
    await eventually(() => expect(broker.openConnections).toBe(0));
    expect(broker.receives).toHaveLength(1);
  });

  it('refuses request handlers, which could never answer', () => {
    listen();
    server.addHandler('ask', async () => 1, false);
    expect(server.getHandlers().size).toBe(0);
  });

  it('waits for its handlers also behind a start hook that returns nothing', async () => {
    listen();
    const ended: unknown[] = [];
    let finish = () => undefined as void;
    server.setOnProcessingStartHook((_id, _context, done) => void done());
    server.setOnProcessingEndHook(() => ended.push('hook'));
    server.addHandler('x', () => new Promise<void>((resolve) => (finish = resolve)) as never, true);
    const handled = server.handleEvent('x', { pattern: 'x', data: 1 }, {} as never).then(() => ended.push('event'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toEqual([]);
    finish();
    await handled;
    expect(ended).toEqual(['hook', 'event']);
  });
});
