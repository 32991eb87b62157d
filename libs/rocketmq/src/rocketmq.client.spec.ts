import { Logger } from '@nestjs/common';
import { lastValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeBroker } from '../../../test/support/broker-fake.js';
import { eventually } from '../../../test/support/eventually.js';
import { RocketmqClient } from './rocketmq.client.js';
import type { RocketmqOptions } from './rocketmq.options.js';
import { TransportClosedError, TransportUnavailableError } from './transport.errors.js';

Logger.overrideLogger(false);

describe(RocketmqClient.name, { timeout: 30_000 }, () => {
  let broker: FakeBroker;
  let client: RocketmqClient;

  function make(options: Partial<RocketmqOptions> = {}): RocketmqClient {
    const quick = { requestTimeoutMs: 5000, reconnect: { minMs: 20, maxMs: 50 } };
    client = new RocketmqClient({ endpoints: broker.endpoints, topic: 'topic', ...quick, ...options });
    return client;
  }

  beforeEach(async () => {
    broker = await FakeBroker.start();
  });

  afterEach(async () => {
    await client.close();
    await broker.stop();
  });

  it('shares one connection attempt among all callers', async () => {
    make();
    expect(client.health.state).toBe('connecting');
    expect(() => client.unwrap()).toThrow('not connected');
    await Promise.all([client.connect(), client.emitMany('a', [1]), lastValueFrom(client.emit('b', 2))]);
    expect(broker.telemetryStreams).toBe(1);
    expect(broker.routeQueries).toBe(1);
    expect(broker.sent.sort()).toEqual(['{"pattern":"a","data":[1]}', '{"pattern":"b","data":2}']);
    expect(client.health.state).toBe('connected');
  });

  it('has a time limit of its own for a start-up that the client would wait for without end', async () => {
    broker.behaviour.telemetry = 'silent';
    make({ startupTimeoutMs: 100, reconnect: { minMs: 60_000, maxMs: 60_000 } });
    await expect(client.emitMany('a', [1])).rejects.toThrow(/did not start within 100 ms/);
    expect(client.health).toMatchObject({ state: 'down', lastError: expect.stringContaining('100 ms') as string });
    // Until the next attempt there is nothing to wait for.
    await expect(client.connect()).rejects.toThrow(TransportUnavailableError);
    await eventually(() => expect(broker.openConnections).toBe(0));
  });

  it('says why the broker refuses its settings, which the client only logs', async () => {
    broker.behaviour.telemetry = 'refuses';
    make({ startupTimeoutMs: 60_000 });
    await expect(client.connect()).rejects.toThrow(/group not found/);
  });

  it('goes on connecting in the background', async () => {
    broker.behaviour.telemetry = 'silent';
    make({ startupTimeoutMs: 100 });
    await expect(client.connect()).rejects.toThrow(TransportUnavailableError);
    broker.behaviour.telemetry = 'answers';
    await eventually(() => expect(client.health.state).toBe('connected'));
    await client.emitMany('a', [1]);
  });

  it.each([
    ['silent', /DEADLINE_EXCEEDED/],
    ['fails', /INTERNAL|50001/],
    ['no-receipt', /no receipt/],
  ] as const)('takes a broker that is %s for an unknown outcome, and sends once only', async (send, message) => {
    make(send === 'silent' ? { requestTimeoutMs: 1000 } : {});
    await client.connect();
    broker.behaviour.send = send;
    await expect(client.emitMany('a', [1])).rejects.toThrow(message);
    expect(broker.sent).toHaveLength(1);
    expect(client.health.state).toBe('down');
    broker.behaviour.send = 'stores';
    await client.emitMany('a', [1]);
    expect(client.health.state).toBe('connected');
  });

  it('does not blame the connection for a message that is refused', async () => {
    make();
    await client.connect();
    broker.behaviour.send = 'refuses';
    await expect(client.emitMany('a', [1])).rejects.toThrow();
    expect(client.health.state).toBe('connected');
  });

  it('waits for a topic that is not there, and asks for it again and again', async () => {
    broker.behaviour.topic = 'none';
    make();
    await expect(client.connect()).rejects.toThrow(/no topic topic that takes/);
    expect(client.health).toMatchObject({ state: 'down', lastError: expect.stringContaining('no topic') as string });
    await eventually(() => expect(broker.routeQueries).toBeGreaterThan(2));
    broker.behaviour.topic = 'normal';
    await eventually(() => client.emitMany('a', [1]));
    expect(broker.sent).toHaveLength(1);
  });

  it('asks for the route anew when it knows one of a topic that was deleted and made again', async () => {
    make();
    await client.connect();
    broker.behaviour.topic = 'none';
    // As the client does by itself each 30 s.
    await client.unwrap<{ updateRoutes(): Promise<void> }>().updateRoutes();
    await expect(client.emitMany('a', [1])).rejects.toThrow(/type not match/);
    expect(client.health.state).toBe('down');
    broker.behaviour.topic = 'normal';
    await eventually(() => client.emitMany('a', [2]));
    expect(broker.sent).toEqual(['{"pattern":"a","data":[2]}']);
  });

  it('makes a new TCP connection when the old one is dead but open', async () => {
    // Holds the dead connection too: a pool shared in the process would go on giving it out.
    const idle = make({ requestTimeoutMs: 1000 });
    await idle.connect();
    make({ requestTimeoutMs: 1000 });
    await client.emitMany('a', [1]);
    broker.blackHole();
    const before = broker.connections;
    await Promise.allSettled([1, 2, 3].map((n) => client.emitMany('lost', [n])));
    await eventually(() => client.emitMany('a', [2]));
    expect(broker.connections).toBeGreaterThan(before);
    await idle.close();
  });

  it('survives a connection that breaks', async () => {
    make();
    await client.emitMany('a', [1]);
    broker.reset();
    await eventually(() => client.emitMany('a', [2]));
  });

  it('keeps to one connection however often the route is refreshed', async () => {
    make();
    await client.connect();
    const producer = client.unwrap<{ updateRoutes(): Promise<void> }>();
    for (let n = 0; n < 5; n += 1) {
      await producer.updateRoutes();
      await client.emitMany('a', [n]);
    }
    expect(broker.routeQueries).toBe(6);
    expect(broker.connections).toBe(1);
  });

  it('closes in bounded time, with a send under way and a broker that does not say good-bye', async () => {
    make({ requestTimeoutMs: 60_000, closeTimeoutMs: 1500 });
    await client.connect();
    Object.assign(broker.behaviour, { send: 'silent', farewell: 'silent' });
    const pending = client.emitMany('a', [1]);
    pending.catch(() => undefined);
    await eventually(() => expect(broker.sent).toHaveLength(1));
    await client.close();
    await expect(pending).rejects.toThrow();
    await expect(client.emitMany('a', [1])).rejects.toThrow(TransportClosedError);
    await eventually(() => expect(broker.openConnections).toBe(0));
  });

  it('closes while it is connecting', async () => {
    broker.behaviour.telemetry = 'silent';
    make({ startupTimeoutMs: 60_000 });
    const connecting = client.connect();
    connecting.catch(() => undefined);
    await eventually(() => expect(broker.telemetryStreams).toBe(1));
    await client.close();
    await expect(connecting).rejects.toThrow(TransportClosedError);
    await eventually(() => expect(broker.openConnections).toBe(0));
  });

  it('tells its state to whoever subscribes', async () => {
    make();
    const states: string[] = [];
    client.status.subscribe((state) => states.push(state));
    await client.connect();
    await client.close();
    expect(states).toEqual(['connecting', 'connected', 'down']);
  });
});
