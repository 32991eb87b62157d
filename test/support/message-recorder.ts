import { randomInt } from 'node:crypto';
import { CART_CHANGED, type CartChanged } from '@app/cart';
import { RocketmqClient, RocketmqServer } from '@app/rocketmq';
import { BrokerAddress } from './broker.js';
import { EVENT_SEAL } from './services.js';

const MOST_EVENTS = 200;
const SENDERS = 8;

/** Keeps every message of a topic as another service would receive it, and can send all of them again. */
export class MessageRecorder {
  readonly messages: CartChanged[][] = [];

  private constructor(
    private readonly server: RocketmqServer,
    private readonly client: RocketmqClient,
  ) {}

  /** In a group of its own; from the beginning of the topic, if that is as young as a test. */
  static async listen({ endpoints, namesrv }: BrokerAddress, topic: string): Promise<MessageRecorder> {
    const group = await new BrokerAddress(endpoints, namesrv).newGroup();
    const server = new RocketmqServer({ endpoints, topic, group });
    const client = new RocketmqClient({ endpoints, topic, seal: EVENT_SEAL });
    const recorder = new MessageRecorder(server, client);
    server.addHandler(CART_CHANGED, (events: CartChanged[]) => Promise.resolve(recorder.messages.push(events)), true);
    await new Promise<void>((resolve) => server.listen(resolve));
    await client.connect();
    return recorder;
  }

  get events(): CartChanged[] {
    return this.messages.flat();
  }

  /** Sends each of the messages, several at once, about in the order given. */
  async send(messages: readonly (readonly unknown[])[]): Promise<void> {
    const left = messages.values();
    const sender = async () => {
      for (const message of left) await this.client.emitMany(CART_CHANGED, message);
    };
    await Promise.all(Array.from({ length: SENDERS }, sender));
  }

  /** What comes from now on is not kept. */
  async stopListening(): Promise<void> {
    await this.server.close();
  }

  async close(): Promise<void> {
    await Promise.all([this.client.close(), this.server.close()]);
  }
}

export function shuffled<T>(values: readonly T[]): T[] {
  const copy = [...values];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}

/** Messages of any size that carry the events in this order. */
export function toMessages<T>(events: readonly T[]): T[][] {
  const messages: T[][] = [];
  for (let i = 0; i < events.length; i += messages.at(-1)!.length) {
    messages.push(events.slice(i, i + 1 + randomInt(MOST_EVENTS)));
  }
  return messages;
}
