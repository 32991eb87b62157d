import type { TransportStatus } from './transport.status.js';

/** What a sender of events injects; which transport carries them is decided where the module is registered. */
export abstract class EventPublisher {
  abstract readonly status: TransportStatus;

  /**
   * Publishes `events` as one message, in order. Resolves once the events are somebody else's care: stored by the broker,
   * or, in process, handled. A rejection means *unknown*: publish them again.
   *
   * @param pattern what `@EventPattern` listens to
   * @throws {PayloadTooLargeError} when they do not fit into one message; nothing was sent, publish smaller portions
   * @throws {TransportUnavailableError} when there is no connection; nothing was sent
   * @throws {TransportClosedError} after the application has begun to shut down
   */
  abstract publish(pattern: string, events: readonly unknown[]): Promise<void>;
}
