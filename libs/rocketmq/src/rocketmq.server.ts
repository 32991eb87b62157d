import { Logger } from '@nestjs/common';
import { type MessageView, SimpleConsumer } from 'rocketmq-client-nodejs';
import { EventSeal, SEAL_PROPERTY } from './event.seal.js';
import { EventServer } from './event.server.js';
import { MessageLease } from './message.lease.js';
import type { EventMessage } from './rocketmq.context.js';
import { RocketmqConnection } from './rocketmq.connection.js';
import { resolveServerOptions, type ResolvedServerOptions, type RocketmqServerOptions } from './rocketmq.options.js';
import { backOffMs, pause, settledWithin } from './timing.js';
import { describeError, type TransportStatus } from './transport.status.js';

/** Part of the time of `close()` that is kept for letting go of the connection, in ms. */
const DISCONNECT_MS = 1000;
/** An empty answer of the long poll before this many ms is none: whatever is wrong, receiving must not spin. */
const SHORTEST_POLL_MS = 200;
/** The back-off has long reached its limit by then; the set of failed messages need not grow further. */
const MOST_FAILED = 64;

/**
 * Nest transport strategy that consumes one topic of RocketMQ 5 for one group, at least once.
 *
 * - A message is acknowledged after its handlers have succeeded, never before. One that failed comes again after a delay
 *   that doubles with each attempt; its neighbours are not held up.
 * - When different messages fail one after the other, it is not the messages: receiving slows down and takes one
 *   message at a time, so that an outage behind the handlers costs hardly any of the attempts the broker grants.
 * - A handler may have its message held (`RocketmqContext.holdUntil`): nothing more is received meanwhile.
 * - `listen` does not need the broker: it is connected in the background, for as long as that takes.
 */
export class RocketmqServer extends EventServer {
  protected override readonly logger = new Logger(RocketmqServer.name);
  readonly #options: ResolvedServerOptions;
  readonly #connection: RocketmqConnection<SimpleConsumer>;
  readonly #seal: EventSeal | undefined;
  readonly #closing = new AbortController();
  /** Ids of the messages that failed since the last success. */
  readonly #failed = new Set<string>();
  /** In a row, also over several connections. */
  #receiveFailures = 0;
  #loop: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  #lease: MessageLease | undefined;

  /** @throws RangeError when an option is out of range */
  constructor(options: RocketmqServerOptions) {
    super(options.onPoison);
    const resolved = resolveServerOptions(options);
    this.#options = resolved;
    this.#seal = resolved.seal && new EventSeal(resolved.seal);
    this.#connection = new RocketmqConnection(
      (logger) =>
        new SimpleConsumer({
          endpoints: resolved.endpoints,
          namespace: resolved.namespace,
          sslEnabled: resolved.sslEnabled,
          sessionCredentials: resolved.credentials,
          requestTimeout: resolved.requestTimeoutMs,
          consumerGroup: resolved.group,
          // Exactly one: with two the client's start-up waits for an answer that came before it began to wait.
          subscriptions: new Map([[resolved.topic, '*']]),
          awaitDuration: resolved.awaitMs,
          // The loop below backs off; the client's own repeats would hide the failures from it.
          maxRetryAttempts: 1,
          logger,
        }),
      resolved,
      this.logger,
      (state) => this._status$.next(state),
    );
  }

  override get health(): TransportStatus {
    return this.#connection.status;
  }

  /** Calls back at once and without an error: whether the broker is there shows in `health` and `status`. */
  override listen(callback: () => void): void {
    this.#loop ??= this.#run();
    callback();
  }

  /**
   * Lets the handler that is running finish, gives back the messages after it, and disconnects, all within
   * `closeTimeoutMs`; a handler that needs longer has its message delivered again.
   */
  override close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  /** The client's consumer; throws while there is none. */
  override unwrap<T = SimpleConsumer>(): T {
    const consumer = this.#connection.client;
    if (!consumer) {
      throw new Error('The broker is not connected');
    }
    return consumer as T;
  }

  protected override sealFault({ body, seal }: EventMessage): 'unsigned' | 'foreign' | undefined {
    return this.#seal?.fault(body, seal);
  }

  async #close(): Promise<void> {
    const deadline = Date.now() + this.#options.closeTimeoutMs;
    this.#closing.abort();
    this.#connection.stopReceiving();
    await settledWithin(this.#loop ?? Promise.resolve(), deadline - DISCONNECT_MS - Date.now());
    this.#lease?.abandon();
    await this.#connection.close(deadline - Date.now());
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        await this.#consume(await this.#connection.ready());
      } catch (error) {
        // Only the closing of the connection gets here; anything else must not end the consumer silently.
        if (!this.#closing.signal.aborted) {
          this.logger.error(`Receiving failed: ${describeError(error)}`);
          await pause(this.#options.receiveBackOff.maxMs, this.#closing.signal);
        }
      }
    }
  }

  /** Receives until the connection has been replaced. */
  async #consume(consumer: SimpleConsumer): Promise<void> {
    while (this.#mayReceive(consumer)) {
      const messages = await this.#receive(consumer);
      if (messages) {
        this.#receiveFailures = 0;
        await this.#handleBatch(consumer, messages);
      } else {
        this.#receiveFailures += 1;
      }
      await this.#backOff();
    }
  }

  #mayReceive(consumer: SimpleConsumer): boolean {
    return !this.#closing.signal.aborted && this.#connection.client === consumer;
  }

  /** One long poll; `undefined` when it did not work. */
  async #receive(consumer: SimpleConsumer): Promise<MessageView[] | undefined> {
    const startedAt = Date.now();
    const { batchSize, invisibleMs } = this.#options;
    try {
      const messages = await consumer.receive(this.#failed.size > 1 ? 1 : batchSize, invisibleMs);
      this.#connection.report(consumer);
      return messages.length === 0 && Date.now() - startedAt < SHORTEST_POLL_MS ? undefined : messages;
    } catch (error) {
      if (!this.#closing.signal.aborted) {
        this.#connection.report(consumer, error);
      }
      return undefined;
    }
  }

  /** One failing message alone slows nothing down: it already comes back later and later. */
  async #backOff(): Promise<void> {
    const failures = Math.max(this.#receiveFailures, this.#failed.size - 1);
    if (failures > 0) {
      await pause(backOffMs(failures, this.#options.receiveBackOff), this.#closing.signal);
    }
  }

  async #handleBatch(consumer: SimpleConsumer, messages: readonly MessageView[]): Promise<void> {
    const lease = new MessageLease(consumer, messages, this.#options.invisibleMs, this.logger);
    this.#lease = lease;
    try {
      for (const message of messages) {
        if (this.#closing.signal.aborted) {
          lease.giveBack(message, this.#options.redelivery.minMs);
        } else {
          await this.#handle(message, lease);
        }
      }
    } finally {
      await lease.end();
    }
  }

  async #handle(message: MessageView, lease: MessageLease): Promise<void> {
    const attempt = message.deliveryAttempt ?? 1;
    try {
      if (message.corrupted) {
        throw new Error('The body does not match its checksum');
      }
      await this.deliver(toEventMessage(message), this.#closing.signal, (isHeld) => lease.hold(isHeld));
      this.#failed.clear();
      lease.ack(message);
    } catch (error) {
      if (this.#failed.size < MOST_FAILED) {
        this.#failed.add(message.messageId);
      }
      const delayMs = backOffMs(attempt, this.#options.redelivery);
      lease.giveBack(message, delayMs);
      this.logger.warn(
        `Message ${message.messageId} failed at attempt ${attempt}, again in ${delayMs} ms: ${describeError(error)}`,
      );
    }
  }
}

function toEventMessage(message: MessageView): EventMessage {
  return {
    id: message.messageId,
    topic: message.topic,
    tag: message.tag || undefined,
    keys: message.keys,
    body: message.body,
    seal: message.properties.get(SEAL_PROPERTY),
    deliveryAttempt: message.deliveryAttempt ?? 1,
    bornAt: message.bornTimestamp,
  };
}
