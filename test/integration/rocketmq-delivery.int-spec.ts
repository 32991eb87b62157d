import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { RocketmqClient, RocketmqServer } from '@app/rocketmq';
import type { Producer } from 'rocketmq-client-nodejs';
import { afterEach, describe, expect, it } from 'vitest';
import { sharedBroker } from '../support/broker.js';
import { type Handler, startEventApp } from '../support/event-app.js';
import { eventually } from '../support/eventually.js';

Logger.overrideLogger(false);
const broker = sharedBroker();
const { endpoints } = broker;

type ServerOptions = Partial<ConstructorParameters<typeof RocketmqServer>[0]>;

describe('delivery by a real broker', () => {
  const closing: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    await Promise.all(closing.splice(0).map((close) => close()));
  });

  async function send(topic: string): Promise<RocketmqClient> {
    const client = new RocketmqClient({ endpoints, topic });
    closing.push(() => client.close());
    await client.connect();
    return client;
  }

  async function receive(topic: string, group: string, handler: Handler, options: ServerOptions = {}) {
    const server = new RocketmqServer({ endpoints, topic, group, ...options });
    const app = await startEventApp(server, [['made', handler]]);
    closing.push(() => app.close());
    return server;
  }

  it('delivers what was there before the group received for the first time', async () => {
    const topic = await broker.newTopic();
    const client = await send(topic);
    for (let n = 0; n < 400; n += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, i) => client.emitMany('made', [n + i])));
    }
    const got = new Set<number>();
    await receive(topic, await broker.newGroup(), ([n]: number[]) => got.add(n as number));
    await eventually(() => expect(got.size).toBe(400), { timeoutMs: 40_000 });
    expect(await broker.messageCount(topic)).toBe(400);
  });

  it('uses every queue of the topic, though the client knows only the first', async () => {
    const topic = await broker.newTopic(8);
    const client = await send(topic);
    const got = new Set<number>();
    await receive(topic, await broker.newGroup(), (n: number) => got.add(n));
    const offsets: number[] = [];
    for (let n = 0; n < 64; n += 1) {
      const body = Buffer.from(JSON.stringify({ pattern: 'made', data: n }));
      offsets.push((await client.unwrap<Producer>().send({ topic, body })).offset);
    }
    await eventually(() => expect(got.size).toBe(64));
    // In one queue the last of them would have been number 63.
    expect(Math.max(...offsets)).toBeLessThan(32);
  });

  it('keeps a message hidden while its handler takes longer than the invisible duration', async () => {
    const topic = await broker.newTopic();
    const client = await send(topic);
    const seen: string[] = [];
    const invisibleMs = 10_000;
    const handler: Handler = async ([what]: string[], context) => {
      seen.push(`${what} ${context.getDeliveryAttempt()}`);
      // Time itself is under test here: beyond the invisible duration and the broker's three seconds to bring it back.
      if (what === 'slow') await delay(invisibleMs + 5000);
    };
    await receive(topic, await broker.newGroup(), handler, { invisibleMs });
    await client.emitMany('made', ['slow']);
    await eventually(() => expect(seen).toEqual(['slow 1']));
    await client.emitMany('made', ['next']);
    await eventually(() => expect(seen).toEqual(['slow 1', 'next 1']), { timeoutMs: 30_000 });
  });

  it('leaves nothing hidden when it closes: the next consumer gets all of it soon', async () => {
    const [topic, group] = [await broker.newTopic(), await broker.newGroup()];
    const client = await send(topic);
    for (let n = 0; n < 8; n += 1) await client.emitMany('made', [n]);
    const first: number[] = [];
    let finish = () => undefined as void;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const server = await receive(topic, group, ([n]: number[]) => {
      first.push(n as number);
      return finished;
    });
    await eventually(() => expect(first).toHaveLength(1));
    const closed = server.close();
    finish();
    await closed;
    const rest: number[] = [];
    await receive(topic, group, ([n]: number[]) => rest.push(n as number));
    // Hidden they would stay for 30 s.
    await eventually(() => expect([...first, ...rest].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]), { timeoutMs: 15_000 });
    expect(first).toHaveLength(1);
  });

  it('takes nothing from the broker with a long poll it has left behind', async () => {
    const [topic, group] = [await broker.newTopic(), await broker.newGroup()];
    const client = await send(topic);
    const first = await receive(topic, group, () => undefined);
    await eventually(() => expect(first.health.state).toBe('connected'));
    await client.emitMany('made', ['so that the first one polls']);
    await first.close();
    for (let n = 0; n < 8; n += 1) await client.emitMany('made', [n]);
    const got = new Map<unknown, number>();
    await receive(topic, group, ([n]: number[], context) => got.set(n, context.getDeliveryAttempt()));
    await eventually(() => expect(got.size).toBeGreaterThanOrEqual(8), { timeoutMs: 10_000 });
  });

  it('spends hardly any attempts on an outage behind the handlers', async () => {
    const topic = await broker.newTopic();
    const client = await send(topic);
    const total = 60;
    for (let n = 0; n < total; n += 1) await client.emitMany('made', [n]);
    let failures = 0;
    let down = true;
    const attempts = new Map<number, number>();
    const handler: Handler = ([n]: number[], context) => {
      if (down) {
        failures += 1;
        throw new Error('the database is down');
      }
      attempts.set(n as number, context.getDeliveryAttempt());
    };
    await receive(topic, await broker.newGroup(), handler, { receiveBackOff: { minMs: 500, maxMs: 2000 } });
    // One full batch at most, and then one message at a time.
    await eventually(() => expect(failures).toBeGreaterThanOrEqual(35));
    down = false;
    await eventually(() => expect(attempts.size).toBe(total), { timeoutMs: 30_000 });
    expect(Math.max(...attempts.values())).toBeLessThanOrEqual(4);
  });

  it('loses a message that failed too often to the dead letters of the broker, unless the group has retries to spare', async () => {
    const topic = await broker.newTopic();
    const [few, many] = [await broker.newGroup({ retryMaxTimes: 1 }), await broker.newGroup({ retryMaxTimes: 10_000 })];
    const client = await send(topic);
    const attempts = { few: [] as number[], many: [] as number[] };
    const failing =
      (group: keyof typeof attempts): Handler =>
      (_data, context) => {
        attempts[group].push(context.getDeliveryAttempt());
        throw new Error('always');
      };
    const redelivery = { minMs: 1000, maxMs: 1000 };
    await receive(topic, few, failing('few'), { redelivery });
    await receive(topic, many, failing('many'), { redelivery });
    await client.emitMany('made', [1]);
    await eventually(() => expect(attempts.many).toContain(4));
    await eventually(async () => expect(await broker.messageCount(`%DLQ%${few}`)).toBe(1));
    expect(attempts.few).toEqual([1, 2]);
  });

  it('shares the messages of a group among its consumers', async () => {
    const [topic, group] = [await broker.newTopic(), await broker.newGroup()];
    const client = await send(topic);
    const got: [number[], number[]] = [[], []];
    for (const mine of got) {
      await receive(topic, group, async ([n]: number[]) => void mine.push(n as number), { batchSize: 1 });
    }
    for (let n = 0; n < 60; n += 1) await client.emitMany('made', [n]);
    await eventually(() => expect(new Set(got.flat()).size).toBe(60));
    expect(got[0].length).toBeGreaterThan(0);
    expect(got[1].length).toBeGreaterThan(0);
  });

  it('says that the topic is missing', async () => {
    const client = new RocketmqClient({ endpoints, topic: 'no-such-topic' });
    closing.push(() => client.close());
    await expect(client.emitMany('made', [1])).rejects.toThrow(/not connected/);
    expect(client.health).toMatchObject({ state: 'down', lastError: expect.stringMatching(/topic/i) as string });
  });

  it('says that the group is missing, and receives when it has been made', async () => {
    const [topic, group] = [await broker.newTopic(), `late-${await broker.newGroup()}`];
    const client = await send(topic);
    const got: unknown[] = [];
    const server = await receive(topic, group, (data) => got.push(data));
    await eventually(() =>
      expect(server.health).toMatchObject({ state: 'down', lastError: expect.stringMatching(/group/i) as string }),
    );
    await broker.createGroup(group);
    await client.emitMany('made', [1]);
    await eventually(() => expect(got).toEqual([[1]]));
  });
});
