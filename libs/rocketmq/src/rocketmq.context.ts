import { BaseRpcContext, type PacketMetadata } from '@nestjs/microservices';

/** One delivery of one message. The same message comes again, with a higher attempt, until it is acknowledged. */
export interface EventMessage {
  /** Equal for the copies that a repeated send leaves behind; not unique across worker threads: no key to dedupe by. */
  readonly id: string;
  readonly topic: string;
  readonly tag: string | undefined;
  readonly keys: readonly string[];
  readonly body: Buffer;
  /** What the sender signed the body with, if they did. */
  readonly seal?: string;
  /** 1 for the first delivery. */
  readonly deliveryAttempt: number;
  /** When the sender sent it, by the sender's clock. */
  readonly bornAt: Date | undefined;
}

/** Second argument of an `@EventPattern` method (`@Ctx()`): the message around the payload. */
export class RocketmqContext extends BaseRpcContext<[EventMessage, PacketMetadata | undefined]> {
  #heldUntil: Promise<unknown> | undefined;

  /**
   * For a handler that fails because of what is behind it, not because of the message: called before it throws, nothing
   * more is received until the promise is settled, and then this very delivery is handled again. So an outage costs no
   * delivery attempts, however long it lasts.
   */
  holdUntil(settled: Promise<unknown>): void {
    this.#heldUntil = settled;
  }

  get heldUntil(): Promise<unknown> | undefined {
    return this.#heldUntil;
  }

  getMessageId(): string {
    return this.args[0].id;
  }

  getTopic(): string {
    return this.args[0].topic;
  }

  getTag(): string | undefined {
    return this.args[0].tag;
  }

  getKeys(): readonly string[] {
    return this.args[0].keys;
  }

  /** 1 for the first delivery. */
  getDeliveryAttempt(): number {
    return this.args[0].deliveryAttempt;
  }

  getBornTime(): Date | undefined {
    return this.args[0].bornAt;
  }

  /** What the sender's dispatch hook attached, a trace id for one. */
  getMetadata(): PacketMetadata | undefined {
    return this.args[1];
  }
}
