import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { CART_CHANGED } from '@app/cart';
import { Public } from '@app/identity';
import { RocketmqContext } from '@app/rocketmq';
import { CartChangedWriter } from './cart-changed.writer.js';

/** Takes the messages the relay sends. It returns when MySQL has committed: then the message is acknowledged. */
@Public()
@Controller()
export class CartChangedConsumer {
  constructor(private readonly writer: CartChangedWriter) {}

  @EventPattern<string>(CART_CHANGED)
  async handle(@Payload() events: unknown, @Ctx() context: RocketmqContext): Promise<void> {
    // A single event is a message of one.
    await this.writer.apply(Array.isArray(events) ? events : [events], context.getMessageId());
  }
}
