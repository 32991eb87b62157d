import { messageCount, RocketmqAdminError } from '../lib/rocketmq-admin.mjs';
import { Patience } from './client.mjs';

const TOPIC = process.env['ROCKETMQ_TOPIC'] ?? 'cart-changed';

/**
 * Messages the broker itself counts in the topic. Only grows. Waits for a broker that is being restarted.
 * @param {import('./services.mjs').Services} services
 * @param {number} [patienceMs]
 */
export async function storedMessages({ rocketmqNamesrv }, patienceMs = 60_000) {
  if (!rocketmqNamesrv) {
    throw new Error(
      'services.json names no RocketMQ name server to count messages at; without a broker say --in-process.',
    );
  }
  const patience = new Patience(patienceMs);
  for (;;) {
    try {
      return await messageCount(rocketmqNamesrv, TOPIC);
    } catch (error) {
      if (!(error instanceof RocketmqAdminError)) throw error;
      await patience.wait(error.message);
    }
  }
}
