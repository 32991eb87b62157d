import { Module } from '@nestjs/common';
import { Env } from '@app/common';
import { RocketmqModule } from '@app/rocketmq';
import { brokerOptions } from '../broker-options.js';
import { AbandonedCarts } from './abandoned-carts.js';
import { IdleCartTable } from './idle-cart.table.js';
import { SHOPPER_TOPIC, ShopperEventPublisher } from './shopper-event.publisher.js';
import { ShopperEventTable } from './shopper-event.table.js';
import { ShopperEvents } from './shopper-events.js';
import { ShopperEventsMetrics } from './shopper-events.metrics.js';
import { ShopperEventsRetention } from './shopper-events.retention.js';
import { SkuSignalTable } from './sku-signal.table.js';
import { SkuSignals } from './sku-signals.js';

/** A topic of its own and a client of its own: with two topics in one, the client does not start. */
const topic = RocketmqModule.publisherAsync({
  provide: SHOPPER_TOPIC,
  inject: [Env],
  useFactory: (env: Env) =>
    // In process there is no other subscriber.
    env.TRANSPORT === 'in-process' ? null : { ...brokerOptions(env), topic: env.SHOPPER_EVENTS_TOPIC },
});

/** What others are told of shoppers: prices that fell, SKUs that are back, carts that were left or paid for. */
@Module({
  imports: [topic],
  providers: [
    AbandonedCarts,
    IdleCartTable,
    ShopperEventPublisher,
    ShopperEvents,
    ShopperEventsMetrics,
    ShopperEventsRetention,
    ShopperEventTable,
    SkuSignals,
    SkuSignalTable,
  ],
  exports: [ShopperEvents, ShopperEventTable],
})
export class ShopperEventsModule {}
