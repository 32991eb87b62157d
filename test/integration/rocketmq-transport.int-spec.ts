import { Logger } from '@nestjs/common';
import { RocketmqClient, RocketmqServer } from '@app/rocketmq';
import type { Producer } from 'rocketmq-client-nodejs';
import { sharedBroker } from '../support/broker.js';
import { transportSuite } from '../support/transport-suite.js';

Logger.overrideLogger(false);
const broker = sharedBroker();

transportSuite('RocketMQ', async ({ onPoison }) => {
  const { endpoints } = broker;
  const [topic, group] = await Promise.all([broker.newTopic(), broker.newGroup()]);
  const client = new RocketmqClient({ endpoints, topic });
  await client.connect();
  return {
    client,
    server: new RocketmqServer({ endpoints, topic, group, onPoison }),
    sendRaw: async (body) => void (await client.unwrap<Producer>().send({ topic, body })),
  };
});
