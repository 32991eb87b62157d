import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { CART_CHANGED } from '@app/cart';
import { Public } from '@app/identity';
import { RocketmqContext } from '@app/rocketmq';
import { CartChangedWriter } from './cart-changed.writer.js';
import { MysqlBreaker } from './mysql.breaker.js';

/**
 * Takes the messages the relay sends. It returns when MySQL has committed: then the message is acknowledged. While MySQL
 * is away nothing is received.
 */
@Public()
@Controller()
export class CartChangedConsumer {
  constructor(
    private readonly writer: CartChangedWriter,
    private readonly breaker: MysqlBreaker,
  ) {}

  @EventPattern<string>(CART_CHANGED)
  async handle(@Payload() events: unknown, @Ctx() context: RocketmqContext): Promise<void> {
    // A single event is a message of one.
    const all: unknown[] = Array.isArray(events) ? events : [events];
    await this.breaker.run(context, () => this.writer.apply(all, context.getMessageId()));
  }
}
