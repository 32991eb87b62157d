import { EventEmitter, once } from 'node:events';
import type { EventMessage } from './rocketmq.context.js';
import { backOffMs, type DelayRange } from './timing.js';
import { TransportClosedError, TransportUnavailableError } from './transport.errors.js';

export interface InProcessOptions {
  topic?: string;
  /** Most messages that wait or are being handled; one more is refused. */
  capacity?: number;
  /** When a message whose handler failed comes again; doubles with each attempt. */
  redelivery?: DelayRange;
}

/** A message on its way to the server that took it, which must call one of the two. */
export interface InProcessDelivery {
  readonly message: EventMessage;
  ack(): void;
  /** Lets it come again, and says after how many ms. */
  giveBack(): number;
}

interface Entry {
  readonly message: Omit<EventMessage, 'deliveryAttempt'>;
  readonly settle: (error?: Error) => void;
  attempt: number;
  timer?: NodeJS.Timeout;
}

/**
 * One topic with one consumer group, in the memory of this process: the broker's twin for tests and for running without
 * a broker. It keeps nothing on disk, so `publish` resolves only when the message has been *handled*: whoever publishes
 * stays the durable queue.
 */
export class InProcessBroker {
  readonly #topic: string;
  readonly #capacity: number;
  readonly #redelivery: DelayRange;
  readonly #events = new EventEmitter().setMaxListeners(0);
  readonly #entries = new Set<Entry>();
  readonly #ready: Entry[] = [];
  #published = 0;

  constructor({
    topic = 'in-process',
    capacity = 1000,
    redelivery = { minMs: 100, maxMs: 5000 },
  }: InProcessOptions = {}) {
    this.#topic = topic;
    this.#capacity = capacity;
    this.#redelivery = redelivery;
  }

  /**
   * Resolves when a server has acknowledged the message. When `signal` fires, the message is withdrawn and the promise
   * rejects with {@link TransportClosedError}.
   *
   * @throws {TransportUnavailableError} when the queue is full
   */
  async publish(
    body: Buffer,
    { tag, keys = [] }: { tag?: string; keys?: readonly string[] },
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted) {
      throw new TransportClosedError();
    }
    if (this.#entries.size >= this.#capacity) {
      throw new TransportUnavailableError(`The in-process queue is full: ${this.#capacity} messages`);
    }
    this.#published += 1;
    const id = `in-process-${this.#published}`;
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: Error) => {
        signal.removeEventListener('abort', withdraw);
        clearTimeout(entry.timer);
        this.#entries.delete(entry);
        if (error) {
          reject(error);
        } else {
          resolve();
        }
      };
      const withdraw = () => settle(new TransportClosedError());
      const message = { id, topic: this.#topic, tag, keys, body, bornAt: new Date() };
      const entry: Entry = { message, settle, attempt: 0 };
      this.#entries.add(entry);
      signal.addEventListener('abort', withdraw, { once: true });
      this.#offer(entry);
    });
  }

  /** The next message. Rejects when `signal` fires. */
  async next(signal: AbortSignal): Promise<InProcessDelivery> {
    for (;;) {
      signal.throwIfAborted();
      const entry = this.#ready.shift();
      if (!entry) {
        await once(this.#events, 'ready', { signal });
      } else if (this.#entries.has(entry)) {
        return this.#deliver(entry);
      }
    }
  }

  #deliver(entry: Entry): InProcessDelivery {
    entry.attempt += 1;
    return {
      message: { ...entry.message, deliveryAttempt: entry.attempt },
      ack: () => entry.settle(),
      giveBack: () => {
        const delayMs = backOffMs(entry.attempt, this.#redelivery);
        if (this.#entries.has(entry)) {
          entry.timer = setTimeout(() => this.#offer(entry), delayMs).unref();
        }
        return delayMs;
      },
    };
  }

  #offer(entry: Entry): void {
    this.#ready.push(entry);
    this.#events.emit('ready');
  }
}
