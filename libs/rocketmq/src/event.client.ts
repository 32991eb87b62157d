import { ClientProxy, type ReadPacket } from '@nestjs/microservices';
import type { EventPacket } from './event.packet.js';
import { RequestReplyError } from './transport.errors.js';
import type { TransportState, TransportStatus } from './transport.status.js';

export interface EmitOptions {
  /** Keys of the message, by which the broker's tools find it. */
  keys?: readonly string[];
}

/**
 * What the broker's client and its in-process twin share. `emit(pattern, data)` is Nest's; like all of Nest's `emit` it
 * starts at once, and a failure that nobody subscribed to is lost. `emitMany` is a promise.
 */
export abstract class EventClient extends ClientProxy<Record<never, never>, TransportState> {
  /** For health checks; `status` is the same as an observable, as in every Nest client. */
  abstract get health(): TransportStatus;

  abstract override close(): Promise<void>;

  /**
   * Sends one message that carries all of `events`, in order, and resolves once the transport keeps it for good. A
   * rejection means *unknown*, not *failed*: repeat it, the handlers are idempotent. No events, no message.
   *
   * @throws {PayloadTooLargeError} before anything is sent
   */
  async emitMany(pattern: string, events: readonly unknown[], options: EmitOptions = {}): Promise<void> {
    if (events.length > 0) {
      await this.deliver(this.#toPacket(this.createPacket(pattern, events)), options);
    }
  }

  protected abstract deliver(packet: EventPacket, options: EmitOptions): Promise<void>;

  protected override async dispatchEvent<T>(packet: ReadPacket): Promise<T> {
    await this.deliver(this.#toPacket(packet), {});
    return undefined as T;
  }

  protected override publish(): never {
    throw new RequestReplyError();
  }

  #toPacket({ pattern, data, metadata }: ReadPacket): EventPacket {
    return { pattern: this.normalizePattern(pattern as string), data: data as unknown, metadata };
  }
}
