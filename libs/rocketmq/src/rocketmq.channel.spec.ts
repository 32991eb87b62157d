import { Logger } from '@nestjs/common';
import { Endpoints, Producer } from 'rocketmq-client-nodejs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeBroker } from '../../../test/support/broker-fake.js';
import { eventually } from '../../../test/support/eventually.js';
import { RocketmqChannel } from './rocketmq.channel.js';
import { RocketmqClient } from './rocketmq.client.js';
import { clientLogger } from './rocketmq.logger.js';

Logger.overrideLogger(false);

describe(RocketmqChannel.name, { timeout: 30_000 }, () => {
  let broker: FakeBroker;

  beforeEach(async () => {
    broker = await FakeBroker.start();
  });

  afterEach(() => broker.stop());

  it('opens one telemetry stream after another while the broker is away, never two at once', async () => {
    const client = new RocketmqClient({ endpoints: broker.endpoints, topic: 'topic' });
    await client.connect();
    const openedAt: number[] = [];
    const open = RocketmqChannel.prototype.telemetry;
    vi.spyOn(RocketmqChannel.prototype, 'telemetry').mockImplementation(function (this: RocketmqChannel, endpoints) {
      openedAt.push(performance.now());
      return open.call(this, endpoints);
    });
    await broker.stop();
    await eventually(() => expect(openedAt.length).toBeGreaterThan(3));
    await client.close();
    // The client waits 1 s after each that failed; two at once would be four a second later.
    const gaps = openedAt.slice(1).map((at, i) => at - (openedAt[i] as number));
    expect(Math.min(...gaps)).toBeGreaterThan(900);
  });

  it('ends the telemetry stream before when it is asked for another one', async () => {
    const producer = new Producer({ endpoints: broker.endpoints, namespace: '' });
    const channel = RocketmqChannel.install(producer, clientLogger(new Logger()), () => undefined);
    for (const n of [1, 2]) {
      channel.telemetry(new Endpoints(broker.endpoints));
      await eventually(() => expect(broker.telemetryStreams).toBe(n));
    }
    await eventually(() => expect(broker.openTelemetryStreams).toBe(1));
    channel.close();
    await eventually(() => expect(broker.openTelemetryStreams).toBe(0));
  });
});
