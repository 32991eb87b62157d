import { setMaxListeners } from 'node:events';
import { EventClient, type EmitOptions } from './event.client.js';
import { encodePacket, type EventPacket } from './event.packet.js';
import type { InProcessBroker } from './in-process.broker.js';
import { TransportClosedError } from './transport.errors.js';
import type { TransportStatus } from './transport.status.js';

/**
 * The twin of `RocketmqClient`. The packet makes the same way through JSON, with the same limit of size, so nothing is
 * shared between sender and handler. An emit resolves when the handlers have succeeded, however long they fail before;
 * `close()` rejects those that wait.
 */
export class InProcessClient extends EventClient {
  readonly #broker: InProcessBroker;
  readonly #closing = new AbortController();
  #health: TransportStatus = { state: 'connected', since: new Date() };

  constructor(broker: InProcessBroker) {
    super();
    this.#broker = broker;
    // One for each message that waits.
    setMaxListeners(0, this.#closing.signal);
    this._status$.next('connected');
  }

  override get health(): TransportStatus {
    return this.#health;
  }

  override async connect(): Promise<void> {
    if (this.#closing.signal.aborted) {
      throw new TransportClosedError();
    }
  }

  override async close(): Promise<void> {
    this.#closing.abort();
    this.#health = { state: 'down', since: new Date(), lastError: 'closed' };
    this._status$.next('down');
  }

  override unwrap<T = InProcessBroker>(): T {
    return this.#broker as T;
  }

  protected override async deliver(packet: EventPacket, { keys }: EmitOptions): Promise<void> {
    await this.#broker.publish(encodePacket(packet), { tag: packet.pattern, keys }, this.#closing.signal);
  }
}
