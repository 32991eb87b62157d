import { DynamicModule, Module } from '@nestjs/common';
import { CartModule } from '@app/cart';
import { Env } from '@app/common';
import { InventoryCheckModule } from '@app/inventory-check';
import { PricingModule } from '@app/pricing';
import { ShopperEventsModule, SyncModule } from '@app/sync';
import { BuiltInOrderGateway } from './built-in-order.gateway.js';
import { CheckoutAttempt } from './checkout.attempt.js';
import { CheckoutController } from './checkout.controller.js';
import { Checkout } from './checkout.js';
import { CheckoutSnapshots } from './checkout.snapshots.js';
import { CheckoutTable } from './checkout.table.js';
import { CheckoutTurns } from './checkout.turns.js';
import { DemoPayController } from './demo-pay.controller.js';
import { HttpOrderGateway } from './http-order.gateway.js';
import { OrderClosing } from './order.closing.js';
import { OrderLimits } from './order.limits.js';
import { OrderList } from './order.list.js';
import { OrderMetrics } from './order.metrics.js';
import { OrderGateway } from './order.gateway.js';
import { OrderPlacement } from './order.placement.js';
import { OrderParts } from './order.parts.js';
import { OrderSweeper } from './order.sweeper.js';
import { OrderTable } from './order.table.js';
import { OrderWriter } from './order.writer.js';
import { OrdersController } from './orders.controller.js';
import { OrdersInCart } from './orders-in-cart.js';
import { Orders } from './orders.js';
import { OrdersAdminController } from './orders.admin.controller.js';
import { PayController } from './pay.controller.js';
import { Previews } from './previews.js';
import { Quotes } from './quotes.js';
import { Refusals } from './refusals.js';
import { Selections } from './selection.js';

@Module({
  imports: [CartModule, InventoryCheckModule, PricingModule, ShopperEventsModule, SyncModule],
  controllers: [CheckoutController, OrdersAdminController, OrdersController],
  providers: [
    Checkout,
    CheckoutAttempt,
    CheckoutSnapshots,
    CheckoutTable,
    CheckoutTurns,
    OrderClosing,
    OrderLimits,
    OrderList,
    OrderMetrics,
    { provide: OrderGateway, inject: [Env], useFactory: toGateway },
    OrderParts,
    OrderPlacement,
    Orders,
    OrdersInCart,
    OrderSweeper,
    OrderTable,
    OrderWriter,
    Previews,
    Quotes,
    Refusals,
    Selections,
  ],
})
export class CheckoutModule {
  /** The settings decide who pays. */
  static forRoot({ DEMO_PAY }: Pick<Env, 'DEMO_PAY'>): DynamicModule {
    return { module: CheckoutModule, controllers: [DEMO_PAY ? DemoPayController : PayController] };
  }
}

function toGateway({ ORDER_SERVICE_URL, ORDER_SERVICE_TIMEOUT_MS }: Env): OrderGateway {
  if (ORDER_SERVICE_URL === undefined) return new BuiltInOrderGateway();
  return new HttpOrderGateway(ORDER_SERVICE_URL.replace(/\/+$/, ''), ORDER_SERVICE_TIMEOUT_MS);
}
