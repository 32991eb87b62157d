import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { RocketmqClient, RocketmqServer } from '@app/rocketmq';
import type { Producer } from 'rocketmq-client-nodejs';
import { describe, expect, it, type TestContext } from 'vitest';
import { sharedBroker } from '../support/broker.js';
import { type Handler, startEventApp } from '../support/event-app.js';
import { eventually as retry } from '../support/eventually.js';

Logger.overrideLogger(false);
const broker = sharedBroker();
const { endpoints } = broker;

/** A broker takes three seconds to bring a message back, and longer on a busy machine. */
const eventually = <T>(check: () => T | Promise<T>, timeoutMs = 45_000) => retry(check, { timeoutMs });

type ServerOptions = Partial<ConstructorParameters<typeof RocketmqServer>[0]>;

// Side by side, each on a topic of its own: most of the time they wait for the broker's clocks.
describe.concurrent('delivery by a real broker', () => {
  /** Makes senders and receivers that are closed with the test. */
  function actors({ onTestFinished }: TestContext) {
    const send = async (topic: string) => {
      const client = new RocketmqClient({ endpoints, topic });
      onTestFinished(() => client.close());
      await client.connect();
      return client;
    };
    const receive = async (topic: string, group: string, handler: Handler, options: ServerOptions = {}) => {
      const server = new RocketmqServer({ endpoints, topic, group, ...options });
      const app = await startEventApp(server, [['made', handler]]);
      onTestFinished(() => app.close());
      return server;
    };
    return { send, receive };
  }

  it('delivers what was there before the group received for the first time', async (context) => {
    const { send, receive } = actors(context);
    const topic = await broker.newTopic();
    const client = await send(topic);
    for (let n = 0; n < 400; n += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, i) => client.emitMany('made', [n + i])));
    }
    const got = new Set<number>();
    await receive(topic, await broker.newGroup(), ([n]: number[]) => got.add(n as number));
    await eventually(() => expect(got.size).toBe(400));
    expect(await broker.messageCount(topic)).toBe(400);
  });

  it('uses every queue of the topic, though the client knows only the first', async (context) => {
    const { send, receive } = actors(context);
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

  it('keeps a message hidden while its handler takes longer than the invisible duration', async (context) => {
    const { send, receive } = actors(context);
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
    await eventually(() => expect(seen).toEqual(['slow 1', 'next 1']));
  });

  it('leaves nothing hidden when it closes: the next consumer gets all of it soon', async (context) => {
    const { send, receive } = actors(context);
    const [topic, group] = [await broker.newTopic(), await broker.newGroup()];
    const client = await send(topic);
    for (let n = 0; n < 8; n += 1) await client.emitMany('made', [n]);
    const first: number[] = [];
    let finish = () => undefined as void;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const handler: Handler = ([n]: number[]) => {
      first.push(n as number);
      return finished;
    };
    const server = await receive(topic, group, handler, { invisibleMs: 120_000 });
    await eventually(() => expect(first).toHaveLength(1));
    const closed = server.close();
    finish();
    await closed;
    const rest: number[] = [];
    await receive(topic, group, ([n]: number[]) => rest.push(n as number));
    // Hidden they would stay for two minutes.
    await eventually(() => expect([...first, ...rest].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]));
    expect(first).toHaveLength(1);
  });

  it('takes nothing from the broker with a long poll it has left behind', async (context) => {
    const { send, receive } = actors(context);
    const [topic, group] = [await broker.newTopic(), await broker.newGroup()];
    const client = await send(topic);
    // What it took it would hide for two minutes.
    const first = await receive(topic, group, () => undefined, { invisibleMs: 120_000 });
    await eventually(() => expect(first.health.state).toBe('connected'));
    await client.emitMany('made', ['so that the first one polls']);
    await first.close();
    for (let n = 0; n < 8; n += 1) await client.emitMany('made', [n]);
    const got = new Map<unknown, number>();
    await receive(topic, group, ([n]: number[], context) => got.set(n, context.getDeliveryAttempt()));
    await eventually(() => expect(got.size).toBeGreaterThanOrEqual(8));
  });

  it('spends hardly any attempts on an outage behind the handlers', async (context) => {
    const { send, receive } = actors(context);
    const topic = await broker.newTopic();
    const client = await send(topic);
    const total = 60;
    for (let n = 0; n < total; n += 1) await client.emitMany('made', [n]);
    const failedAt: number[] = [];
    let down = true;
    const attempts = new Map<number, number>();
    const handler: Handler = ([n]: number[], message) => {
      if (down) {
        failedAt.push(performance.now());
        throw new Error('the database is down');
      }
      attempts.set(n as number, message.getDeliveryAttempt());
    };
    await receive(topic, await broker.newGroup(), handler, { receiveBackOff: { minMs: 500, maxMs: 2000 } });
    // One batch at once, and then one message at a time with a pause after each.
    await eventually(() => {
      const gaps = failedAt.slice(1).map((at, i) => at - (failedAt[i] as number));
      expect(gaps.length).toBeGreaterThan(4);
      expect(Math.min(...gaps.slice(-3))).toBeGreaterThan(1000);
    });
    expect(failedAt.length).toBeLessThan(45);
    down = false;
    await eventually(() => expect(attempts.size).toBe(total));
    expect(Math.max(...attempts.values())).toBeLessThanOrEqual(4);
  });

  it('delivers again what a consumer that went away had begun and not finished', async (context) => {
    const { send, receive } = actors(context);
    const [topic, group] = [await broker.newTopic(), await broker.newGroup()];
    const client = await send(topic);
    let begun = 0;
    const hangs: Handler = () => ((begun += 1), new Promise(() => undefined));
    const first = await receive(topic, group, hangs, { invisibleMs: 10_000 });
    await client.emitMany('made', ['survivor']);
    await eventually(() => expect(begun).toBe(1));
    await first.close();
    const got: unknown[] = [];
    await receive(topic, group, (data, message) => got.push([data, message.getDeliveryAttempt()]));
    await eventually(() => expect(got).toEqual([[['survivor'], 2]]));
  });

  it('loses a message that failed too often to the dead letters of the broker, unless the group has retries to spare', async (context) => {
    const { send, receive } = actors(context);
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

  it('shares the messages of a group among its consumers', async (context) => {
    const { send, receive } = actors(context);
    const [topic, group] = [await broker.newTopic(), await broker.newGroup()];
    const client = await send(topic);
    const got: [number[], number[]] = [[], []];
    let bothHaveSome = () => undefined as void;
    const shared = new Promise<void>((resolve) => (bothHaveSome = resolve));
    for (const mine of got) {
      // Neither can take all of them before the other one is connected.
      const handler: Handler = async ([n]: number[]) => {
        mine.push(n as number);
        if (got.every((list) => list.length > 0)) bothHaveSome();
        await shared;
      };
      await receive(topic, group, handler, { batchSize: 1 });
    }
    for (let n = 0; n < 60; n += 1) await client.emitMany('made', [n]);
    await eventually(() => expect(new Set(got.flat()).size).toBe(60));
    expect(got[0].length).toBeGreaterThan(0);
    expect(got[1].length).toBeGreaterThan(0);
  });

  it('says that the topic is missing', async (context) => {
    const client = new RocketmqClient({ endpoints, topic: 'no-such-topic' });
    context.onTestFinished(() => client.close());
    await expect(client.emitMany('made', [1])).rejects.toThrow(/not connected/);
    expect(client.health).toMatchObject({ state: 'down', lastError: expect.stringMatching(/topic/i) as string });
  });

  it('says that the group is missing, and receives when it has been made', async (context) => {
    const { send, receive } = actors(context);
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
