import { BadRequestException, Producer, type ProducerOptions } from 'rocketmq-client-nodejs';
import definition from 'rocketmq-client-nodejs/proto/apache/rocketmq/v2/definition_pb.js';

const { Code, MessageType } = definition;

const TYPE_CONFLICT: number = Code.MESSAGE_PROPERTY_CONFLICT_WITH_TYPE;
/** What the client says when the route it remembers has a topic of another type, or none any more. */
const WRONG_TYPE = /^Current message type not match/;

/**
 * Sends messages of the type NORMAL to one topic. A topic that was deleted is not missing to the proxy: it has a route, and
 * takes no type at all. The client would start with that, and remember it for good; so this one does not start without a
 * topic that takes what it sends, and has to be replaced when it is told so later.
 */
export class NormalProducer extends Producer {
  readonly #topic: string;

  constructor(options: ProducerOptions & { topic: string }) {
    super({ ...options, topics: [options.topic] });
    this.#topic = options.topic;
  }

  /** @throws Error when the broker has no such topic, or one of another type */
  override async startup(): Promise<void> {
    await super.startup();
    const { messageQueues } = await this.getRouteData(this.#topic);
    const isTaken = messageQueues.some(({ acceptMessageTypesList: types }) => types.includes(MessageType.NORMAL));
    if (!isTaken && this.publishingSettings.isValidateMessageType()) {
      throw new Error(`The broker has no topic ${this.#topic} that takes messages of the type NORMAL`);
    }
  }
}

/** Whether a message was refused because of its topic: another message fares no better. */
export function isTopicFault(error: unknown): boolean {
  if (error instanceof TypeError) return WRONG_TYPE.test(error.message);
  return error instanceof BadRequestException && error.code === TYPE_CONFLICT;
}
