import { Logger } from '@nestjs/common';
import {
  BadRequestException,
  PayloadTooLargeException,
  type Producer,
  RequestHeaderFieldsTooLargeException,
} from 'rocketmq-client-nodejs';
import { EventClient, type EmitOptions } from './event.client.js';
import { encodePacket, type EventPacket } from './event.packet.js';
import { EventSeal, SEAL_PROPERTY } from './event.seal.js';
import { RocketmqConnection } from './rocketmq.connection.js';
import { resolveOptions, type ResolvedOptions, type RocketmqOptions } from './rocketmq.options.js';
import { isTopicFault, NormalProducer } from './rocketmq.producer.js';
import { within } from './timing.js';
import type { TransportStatus } from './transport.status.js';

/** What the broker refuses because of the message itself; the connection is fine. */
const MESSAGE_FAULTS = [BadRequestException, PayloadTooLargeException, RequestHeaderFieldsTooLargeException, TypeError];

/**
 * Nest client that sends events to one topic of RocketMQ 5.
 *
 * It connects on the first `emit` (or `connect`), shares one connection attempt among all callers, and after a failure
 * goes on connecting in the background; meanwhile an `emit` fails at once. It sends once and never repeats by itself: the
 * client's own repeats come without a pause, to the same proxy, and each may leave another copy of the message behind.
 */
export class RocketmqClient extends EventClient {
  readonly #options: ResolvedOptions;
  readonly #connection: RocketmqConnection<Producer>;
  readonly #seal: EventSeal | undefined;

  /** @throws RangeError when an option is out of range */
  constructor(options: RocketmqOptions) {
    super();
    const resolved = resolveOptions(options);
    this.#options = resolved;
    this.#seal = resolved.seal && new EventSeal(resolved.seal);
    this.#connection = new RocketmqConnection(
      (logger) =>
        new NormalProducer({
          endpoints: resolved.endpoints,
          namespace: resolved.namespace,
          sslEnabled: resolved.sslEnabled,
          sessionCredentials: resolved.credentials,
          requestTimeout: resolved.requestTimeoutMs,
          topic: resolved.topic,
          maxAttempts: 1,
          logger,
        }),
      resolved,
      new Logger(RocketmqClient.name),
      (state) => this._status$.next(state),
    );
  }

  override get health(): TransportStatus {
    return this.#connection.status;
  }

  /** @throws {TransportUnavailableError}, {TransportClosedError} */
  override async connect(): Promise<void> {
    await this.#connection.connect();
  }

  /** Cancels what is being sent; resolves within `closeTimeoutMs`. */
  override async close(): Promise<void> {
    await this.#connection.close();
  }

  /** The client's producer; throws while there is none. */
  override unwrap<T = Producer>(): T {
    const producer = this.#connection.client;
    if (!producer) {
      throw new Error('The broker is not connected');
    }
    return producer as T;
  }

  protected override async deliver(packet: EventPacket, { keys = [] }: EmitOptions): Promise<void> {
    const body = encodePacket(packet);
    const producer = await this.#connection.connect();
    try {
      const properties = this.#seal && new Map([[SEAL_PROPERTY, this.#seal.sign(body)]]);
      await this.#send(producer, {
        topic: this.#options.topic,
        tag: packet.pattern,
        keys: [...keys],
        body,
        properties,
      });
      this.#connection.report(producer);
    } catch (error) {
      if (isTopicFault(error) || !MESSAGE_FAULTS.some((fault) => error instanceof fault)) {
        this.#connection.report(producer, error);
      }
      throw error;
    }
  }

  async #send(producer: Producer, message: Parameters<Producer['send']>[0]): Promise<void> {
    // The send itself is limited by the client; before it, the route may have to be asked for.
    const limitMs = 2 * this.#options.requestTimeoutMs;
    const late = () => new Error(`No receipt within ${limitMs} ms: the outcome is unknown`);
    const receipt = await within(producer.send(message), limitMs, late);
    if (!receipt?.messageId) {
      throw new Error('The broker gave no receipt: the outcome is unknown');
    }
  }
}
