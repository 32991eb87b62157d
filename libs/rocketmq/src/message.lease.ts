import type { LoggerService } from '@nestjs/common';
import type { MessageView, SimpleConsumer } from 'rocketmq-client-nodejs';
import { describeError } from './transport.status.js';

/** Renewals, three in each invisible duration, before a message that is never finished may go to somebody else. */
const MOST_RENEWALS = 30;

type LeasingConsumer = Pick<SimpleConsumer, 'ack' | 'changeInvisibleDuration'>;

/**
 * Holds the messages of one batch for this consumer: renews their invisibility while they wait or are being handled,
 * until each is acknowledged or given back.
 *
 * A renewal changes the handle by which the broker knows the delivery, and an acknowledgement by an old handle does
 * nothing; so the calls for one message follow each other, while different messages do not wait for one another.
 * A call that fails costs a second delivery, nothing else, and is logged.
 */
export class MessageLease {
  readonly #open: Set<MessageView>;
  readonly #calls = new Map<MessageView, Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #renewals = 0;
  #isHeld = false;

  constructor(
    private readonly consumer: LeasingConsumer,
    messages: readonly MessageView[],
    private readonly invisibleMs: number,
    private readonly logger: LoggerService,
  ) {
    this.#open = new Set(messages);
    this.#timer = setInterval(() => this.#renew(), invisibleMs / 3);
  }

  /** While a handler waits on purpose, there is no end to the renewals. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    this.#renewals = 0;
  }

  /** Does not wait: {@link end} does. */
  ack(message: MessageView): void {
    this.#open.delete(message);
    this.#call(message, 'acknowledged', () => this.consumer.ack(message));
  }

  /** Lets the message come again after `delayMs`. Does not wait: {@link end} does. */
  giveBack(message: MessageView, delayMs: number): void {
    this.#open.delete(message);
    this.#call(message, 'given back', () => this.consumer.changeInvisibleDuration(message, delayMs));
  }

  /** Renews no more, and waits for the calls under way; each has the client's time limit. */
  async end(): Promise<void> {
    this.abandon();
    await Promise.all(this.#calls.values());
  }

  /** Renews no more: the messages come again by themselves. */
  abandon(): void {
    clearInterval(this.#timer);
    this.#open.clear();
  }

  #renew(): void {
    if (!this.#isHeld) this.#renewals += 1;
    if (this.#renewals > MOST_RENEWALS) {
      const ids = [...this.#open].map((message) => message.messageId).join(', ');
      this.logger.error(`Handling takes too long, the messages will be delivered again: ${ids}`);
      this.abandon();
      return;
    }
    for (const message of this.#open) {
      this.#call(message, 'renewed', () => this.consumer.changeInvisibleDuration(message, this.invisibleMs));
    }
  }

  #call(message: MessageView, what: string, call: () => Promise<void>): void {
    const before = this.#calls.get(message) ?? Promise.resolve();
    const after = before.then(call).catch((error: unknown) => {
      this.logger.warn(
        `Message ${message.messageId} could not be ${what}, it will come again: ${describeError(error)}`,
      );
    });
    this.#calls.set(message, after);
  }
}
