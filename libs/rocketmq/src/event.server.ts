import { type CustomTransportStrategy, type MessageHandler, type ReadPacket, Server } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { decodePacket, type PoisonReason } from './event.packet.js';
import { type EventMessage, RocketmqContext } from './rocketmq.context.js';
import { settledOr } from './timing.js';
import type { TransportState, TransportStatus } from './transport.status.js';

/**
 * Takes a message that no handler can ever take, to keep it somewhere else. The message is acknowledged once this
 * resolves, and comes again if it rejects.
 */
export type PoisonHook = (message: EventMessage, reason: PoisonReason) => Promise<void>;

/** For `@EventPattern(pattern, ROCKETMQ_TRANSPORT)` in an application that has other transports too. */
export const ROCKETMQ_TRANSPORT = Symbol('ROCKETMQ');

/**
 * What the broker's server and its in-process twin share: from the bytes of a message to the end of its last handler.
 *
 * Nest's own `Server` neither waits for a handler's observable nor reports its failure, and joins two handlers of one
 * pattern in a way that ends with the first empty one. Here a message counts as handled when *every* handler has come to
 * its end, and one failure fails the message; all of its handlers then run again, so they must be idempotent.
 */
export abstract class EventServer
  extends Server<Record<never, never>, TransportState>
  implements CustomTransportStrategy
{
  override transportId = ROCKETMQ_TRANSPORT;
  override readonly propagatesEventHandlerErrors = true;
  readonly #handlers = new Map<string, MessageHandler[]>();
  readonly #onPoison: PoisonHook | undefined;

  protected constructor(onPoison: PoisonHook | undefined) {
    super();
    this.#onPoison = onPoison;
  }

  /** For health checks; `status` is the same as an observable, as in every Nest server. */
  abstract get health(): TransportStatus;

  abstract override close(): Promise<void>;

  override on(): never {
    throw new Error('There are no events to listen to: subscribe to `status`');
  }

  /** Keeps every handler of a pattern apart, where the base class chains them. */
  override addHandler(pattern: unknown, handler: MessageHandler, isEventHandler = false, extras = {}): void {
    if (!isEventHandler) {
      this.logger.warn(`No handler for ${JSON.stringify(pattern)}: request-reply is not supported`);
      return;
    }
    const route = this.normalizePattern(pattern as string);
    const handlers = this.#handlers.get(route) ?? [];
    this.#handlers.set(route, [...handlers, Object.assign(handler, { isEventHandler, extras })]);
    if (handlers.length === 0) {
      super.addHandler(pattern, handler, isEventHandler, extras);
    }
  }

  /** Resolves when all handlers have ended well. Rejects with the first failure, after all of them have ended. */
  override handleEvent(pattern: string, packet: ReadPacket, context: RocketmqContext): Promise<void> {
    const handlers = this.#handlers.get(this.getRouteFromPattern(pattern)) ?? [];
    return new Promise((resolve, reject) => {
      // A start hook may return nothing at all, so the outcome is taken from inside it.
      const run = (runEndHook: () => void) =>
        runAll(handlers, packet.data, context).finally(runEndHook).then(resolve, reject);
      Promise.resolve(this.runWithProcessingHooks(context, run)).catch(reject);
    });
  }

  /**
   * Hands one message to its handlers, or to the poison hook; again and again while a handler has it held.
   * Resolves when the message may be acknowledged; rejects when it must come again, and when `closing` fires.
   * @param onHold told when the message begins to be held, and when that ends
   */
  protected async deliver(
    message: EventMessage,
    closing: AbortSignal,
    onHold: (isHeld: boolean) => void = () => undefined,
  ): Promise<void> {
    const fault = this.sealFault(message);
    if (fault) {
      await this.#setAside(message, fault);
      return;
    }
    const packet = decodePacket(message.body);
    if (typeof packet === 'string') {
      await this.#setAside(message, packet);
    } else if (!this.#handlers.has(this.getRouteFromPattern(packet.pattern))) {
      await this.#setAside(message, 'no-handler');
    } else {
      await this.#handle(packet, message, closing, onHold);
    }
  }

  /** Why a message is not one that this service sent; nothing is read of it then. In process there is no other sender. */
  protected sealFault(_message: EventMessage): 'unsigned' | 'foreign' | undefined {
    return undefined;
  }

  async #handle(
    packet: Exclude<ReturnType<typeof decodePacket>, string>,
    message: EventMessage,
    closing: AbortSignal,
    onHold: (isHeld: boolean) => void,
  ): Promise<void> {
    for (;;) {
      const context = new RocketmqContext([message, packet.metadata]);
      try {
        return await this.handleEvent(packet.pattern, packet, context);
      } catch (error) {
        if (!context.heldUntil || closing.aborted) throw error;
        onHold(true);
        await settledOr(closing, context.heldUntil);
        onHold(false);
        if (closing.aborted) throw error;
      }
    }
  }

  async #setAside(message: EventMessage, reason: PoisonReason): Promise<void> {
    if (!this.#onPoison) {
      this.logger.error(
        `Message ${message.id} of ${message.topic} is poison (${reason}) and there is no onPoison hook`,
      );
      throw new Error(`poison: ${reason}`);
    }
    await this.#onPoison(message, reason);
  }
}

async function runAll(handlers: MessageHandler[], data: unknown, context: RocketmqContext): Promise<void> {
  const outcomes = await Promise.allSettled(handlers.map((handler) => runToEnd(handler, data, context)));
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure) {
    throw failure.reason;
  }
}

async function runToEnd(handler: MessageHandler, data: unknown, context: RocketmqContext): Promise<void> {
  const result: unknown = await handler(data, context);
  if (isObservable(result)) {
    await lastValueFrom(result, { defaultValue: undefined });
  }
}
