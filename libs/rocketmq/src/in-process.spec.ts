import { afterEach, describe, expect, it } from 'vitest';
import {
  InProcessBroker,
  InProcessClient,
  InProcessServer,
  TransportClosedError,
  TransportUnavailableError,
} from '@app/rocketmq';
import { eventually } from '../../../test/support/eventually.js';
import { transportSuite } from '../../../test/support/transport-suite.js';

const redelivery = { minMs: 5, maxMs: 20 };

transportSuite('in process', async ({ onPoison }) => {
  const broker = new InProcessBroker({ redelivery });
  return {
    client: new InProcessClient(broker),
    server: new InProcessServer(broker, { onPoison, closeTimeoutMs: 300 }),
    sendRaw: async (body) => {
      broker.publish(body, {}, new AbortController().signal).catch(() => undefined);
    },
  };
});

describe(InProcessBroker.name, () => {
  const closing: { close(): Promise<void> }[] = [];

  afterEach(async () => {
    await Promise.all(closing.splice(0).map((actor) => actor.close()));
  });

  function client(broker: InProcessBroker): InProcessClient {
    const made = new InProcessClient(broker);
    closing.push(made);
    return made;
  }

  function listen(broker: InProcessBroker, handler: (data: unknown) => Promise<unknown>): void {
    const server = new InProcessServer(broker, { closeTimeoutMs: 100 });
    server.addHandler('x', handler, true);
    server.listen(() => undefined);
    closing.push(server);
  }

  it('answers the sender only when the handler has succeeded', async () => {
    const broker = new InProcessBroker({ redelivery });
    const steps: string[] = [];
    let finish = () => undefined as void;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    listen(broker, async () => {
      steps.push('begun');
      await finished;
      if (steps.length === 1) {
        steps.push('failed');
        throw new Error('once');
      }
      steps.push('handled');
    });
    const sent = client(broker)
      .emitMany('x', [1])
      .then(() => steps.push('answered'));
    await eventually(() => expect(steps).toEqual(['begun']));
    finish();
    await sent;
    expect(steps).toEqual(['begun', 'failed', 'begun', 'handled', 'answered']);
  });

  it('keeps what is sent before anybody listens', async () => {
    const broker = new InProcessBroker({ redelivery });
    const got: unknown[] = [];
    const sent = client(broker).emitMany('x', [1]);
    listen(broker, async (data) => got.push(data));
    await sent;
    expect(got).toEqual([[1]]);
  });

  it('refuses one message more than it may hold, and takes it when there is room', async () => {
    const broker = new InProcessBroker({ redelivery, capacity: 2 });
    const sender = client(broker);
    const sent = [sender.emitMany('x', [1]), sender.emitMany('x', [2])];
    await expect(sender.emitMany('x', [3])).rejects.toThrow(TransportUnavailableError);
    listen(broker, async () => undefined);
    await Promise.all(sent);
    await sender.emitMany('x', [4]);
  });

  it('rejects what waits when its sender closes, and does not deliver it any more', async () => {
    const broker = new InProcessBroker({ redelivery });
    const [leaving, staying] = [client(broker), client(broker)];
    const waiting = leaving.emitMany('x', ['left']);
    waiting.catch(() => undefined);
    const kept = staying.emitMany('x', ['kept']);
    await new Promise((resolve) => setImmediate(resolve));
    const justSent = leaving.emitMany('x', ['left too']);
    await leaving.close();
    await expect(waiting).rejects.toThrow(TransportClosedError);
    await expect(justSent).rejects.toThrow(TransportClosedError);
    const got: unknown[] = [];
    listen(broker, async (data) => got.push(data));
    await kept;
    expect(got).toEqual([['kept']]);
  });

  it('shares its messages among servers', async () => {
    const broker = new InProcessBroker({ redelivery });
    const got: [number, number] = [0, 0];
    for (const mine of [0, 1] as const) {
      listen(broker, async () => {
        got[mine] += 1;
        await new Promise((resolve) => setImmediate(resolve));
      });
    }
    const sender = client(broker);
    await Promise.all(Array.from({ length: 20 }, (_, n) => sender.emitMany('x', [n])));
    expect(got[0] + got[1]).toBe(20);
    expect(Math.min(...got)).toBeGreaterThan(0);
  });
});
