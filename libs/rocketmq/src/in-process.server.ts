import { Logger } from '@nestjs/common';
import { EventServer, type PoisonHook } from './event.server.js';
import type { InProcessBroker } from './in-process.broker.js';
import { settledWithin } from './timing.js';
import { describeError, type TransportStatus } from './transport.status.js';

export interface InProcessServerOptions {
  onPoison?: PoisonHook;
  /** Limit of `close()` in ms. */
  closeTimeoutMs?: number;
}

/** The twin of `RocketmqServer`: same handling, same redelivery, from a queue in this process. */
export class InProcessServer extends EventServer {
  protected override readonly logger = new Logger(InProcessServer.name);
  readonly #broker: InProcessBroker;
  readonly #closeTimeoutMs: number;
  readonly #closing = new AbortController();
  #health: TransportStatus = { state: 'connecting', since: new Date() };
  #loop: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(broker: InProcessBroker, { onPoison, closeTimeoutMs = 3000 }: InProcessServerOptions = {}) {
    super(onPoison);
    this.#broker = broker;
    this.#closeTimeoutMs = closeTimeoutMs;
  }

  override get health(): TransportStatus {
    return this.#health;
  }

  override listen(callback: () => void): void {
    this.#loop ??= this.#run();
    this.#setHealth('connected');
    callback();
  }

  /** Lets the handler that is running finish, for at most `closeTimeoutMs`. */
  override close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  override unwrap<T = InProcessBroker>(): T {
    return this.#broker as T;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await settledWithin(this.#loop ?? Promise.resolve(), this.#closeTimeoutMs);
    this.#setHealth('down', 'closed');
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      // Rejects only when this server closes.
      const delivery = await this.#broker.next(this.#closing.signal).catch(() => undefined);
      if (!delivery) {
        return;
      }
      try {
        await this.deliver(delivery.message, this.#closing.signal);
        delivery.ack();
      } catch (error) {
        const { id, deliveryAttempt } = delivery.message;
        const again = `again in ${delivery.giveBack()} ms`;
        this.logger.warn(`Message ${id} failed at attempt ${deliveryAttempt}, ${again}: ${describeError(error)}`);
      }
    }
  }

  #setHealth(state: TransportStatus['state'], lastError?: string): void {
    this.#health = { state, since: new Date(), lastError };
    this._status$.next(state);
  }
}
