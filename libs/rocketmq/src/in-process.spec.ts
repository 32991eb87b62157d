import { InProcessBroker, InProcessClient, InProcessServer } from '@app/rocketmq';
import { transportSuite } from '../../../test/support/transport-suite.js';

transportSuite('in process', async ({ onPoison }) => {
  const broker = new InProcessBroker({ redelivery: { minMs: 5, maxMs: 20 } });
  return {
    client: new InProcessClient(broker),
    server: new InProcessServer(broker, { onPoison, closeTimeoutMs: 300 }),
    sendRaw: async (body) => {
      broker.publish(body, {}, new AbortController().signal).catch(() => undefined);
    },
  };
});
