import { Logger } from '@nestjs/common';
import { RocketmqClient, RocketmqServer } from '@app/rocketmq';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PrivateBroker } from '../support/broker.js';
import { BrokerProcess } from '../support/broker-process.js';
import { type Handler, startEventApp } from '../support/event-app.js';
import { eventually } from '../support/eventually.js';

Logger.overrideLogger(false);

/** A broker on a loaded machine may need a while to come up. */
const patient = { timeoutMs: 60_000 };

describe('when the broker fails', { timeout: 120_000 }, () => {
  let broker: PrivateBroker;
  let topic: string;
  let group: string;
  const closing: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    // As if every backlog were too old or too large to be in memory: the broker then lets a new group skip it.
    broker = await PrivateBroker.prepare({ initPopOffsetByCheckMsgInMem: 'false' });
    await broker.start();
  }, 120_000);

  afterEach(async () => {
    await Promise.all(closing.splice(0).map((close) => close()));
  });

  afterAll(() => broker.remove());

  async function names(): Promise<void> {
    [topic, group] = await Promise.all([broker.newTopic(), broker.newGroup()]);
  }

  function send(): RocketmqClient {
    const client = new RocketmqClient({ endpoints: broker.endpoints, topic });
    closing.push(() => client.close());
    return client;
  }

  async function receive(handler: Handler): Promise<RocketmqServer> {
    // What it had received when the broker died comes again after the invisible duration.
    const server = new RocketmqServer({ endpoints: broker.endpoints, topic, group, invisibleMs: 10_000 });
    const app = await startEventApp(server, [['made', handler]]);
    closing.push(() => app.close());
    return server;
  }

  it('starts without it, and works once it is there', async () => {
    await names();
    await broker.kill();
    const got: unknown[] = [];
    const server = await receive((data) => got.push(data));
    const client = send();
    await expect(client.emitMany('made', [1])).rejects.toThrow(/not connected/);
    await eventually(() => expect(server.health.state).toBe('down'));
    await broker.start();
    await eventually(() => client.emitMany('made', [2]), patient);
    await eventually(() => expect(got).toEqual([[2]]), patient);
    expect([server.health.state, client.health.state]).toEqual(['connected', 'connected']);
  });

  it('goes on after kill -9 and a restart, and loses nothing it had a receipt for', async () => {
    await names();
    const got = new Set<number>();
    await receive(([n]: number[]) => got.add(n as number));
    const client = send();
    // A group whose first offset is not on disk yet begins at the newest message again, on this broker.
    await eventually(() => broker.hasStoredOffset(topic, group));
    const total = 300;
    let published = 0;
    const publishing = (async () => {
      while (published < total) {
        await eventually(() => client.emitMany('made', [published]), patient);
        published += 1;
      }
    })();
    await eventually(() => expect(published).toBeGreaterThan(100));
    await broker.kill();
    const before = published;
    await broker.start();
    await publishing;
    expect(before).toBeLessThan(total);
    await eventually(() => expect(got.size).toBe(total), patient);
  });

  it('limits a send to a broker that stands still, which may have stored it all the same, once', async () => {
    await names();
    const client = send();
    await client.emitMany('made', [1]);
    broker.pause();
    const startedAt = Date.now();
    await expect(client.emitMany('made', [2])).rejects.toThrow(/DEADLINE_EXCEEDED/);
    expect(Date.now() - startedAt).toBeLessThan(8000);
    expect(client.health.state).toBe('down');
    broker.resume();
    await eventually(() => client.emitMany('made', [3]), patient);
    const stored = await broker.messageCount(topic);
    expect([2, 3]).toContain(stored);
  });

  it('skips what a new group finds, but nothing once the group has received', async () => {
    await names();
    const first = await receive(() => undefined);
    await eventually(() => expect(first.health.state).toBe('connected'));
    await closing.pop()?.();
    const client = send();
    for (let n = 0; n < 100; n += 1) await client.emitMany('made', [n]);
    const primed = new Set<number>();
    await receive(([n]: number[]) => primed.add(n as number));
    await eventually(() => expect(primed.size).toBe(100));

    group = await broker.newGroup();
    const fresh = new Set<number>();
    await receive(([n]: number[]) => fresh.add(n as number));
    await client.emitMany('made', [100]);
    await eventually(() => expect(fresh).toContain(100));
    expect(fresh.size).toBeLessThan(100);
  });

  it('finds its topic again when that was deleted and made anew', async () => {
    await names();
    const got: unknown[] = [];
    await receive((data) => got.push(data));
    const [quiet, busy] = [send(), send()];
    await quiet.connect();
    await busy.emitMany('made', [1]);
    await eventually(() => expect(got).toEqual([[1]]), patient);
    await broker.deleteTopic(topic);
    await expect(busy.emitMany('made', ['refused'])).rejects.toThrow();
    // This one has not sent before, and learns of the deletion as it would within 30 s.
    await quiet.unwrap<{ updateRoutes(): Promise<void> }>().updateRoutes();
    await expect(quiet.emitMany('made', ['refused'])).rejects.toThrow(/type not match/);
    const late = send();
    await expect(late.connect()).rejects.toThrow(/no topic/);
    await broker.createTopic(topic);
    // The group may keep its place in a queue of the deleted topic: what lies below it in the new one is skipped.
    for (const [n, client] of [quiet, busy, late].entries()) {
      await eventually(
        async () => {
          await client.emitMany('made', [2 + n]);
          expect(got).toContainEqual([2 + n]);
        },
        { ...patient, intervalMs: 500 },
      );
    }
  });

  it('lets a process end by itself, and writes nothing at its home', async () => {
    await names();
    const child = new BrokerProcess();
    closing.push(async () => child.remove());
    await child.start(broker.endpoints, topic, group);
    expect(await child.end()).toEqual({ code: 0, output: 'handled\nclosed\n', filesInHome: [] });
  });

  // The last one: it leaves the broker down.
  it('closes in bounded time while it is down, and lets a process end by itself', async () => {
    await names();
    const child = new BrokerProcess();
    closing.push(async () => child.remove());
    await child.start(broker.endpoints, topic, group);
    await names();
    const server = await receive(() => undefined);
    const client = send();
    await client.emitMany('made', [1]);
    await eventually(() => expect(server.health.state).toBe('connected'));
    await broker.kill();
    const startedAt = Date.now();
    await Promise.all([server.close(), client.close()]);
    expect(Date.now() - startedAt).toBeLessThan(15_000);
    const { code, output } = await child.end();
    expect(output).toMatch(/closed\n$/);
    expect(code).toBe(0);
  });
});
