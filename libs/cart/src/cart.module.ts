import { Module } from '@nestjs/common';
import { InventoryCheckModule } from '@app/inventory-check';
import { PricingModule } from '@app/pricing';
import { CartEventsController } from './cart-events.controller.js';
import { CartItemsController } from './cart-items.controller.js';
import { CartController } from './cart.controller.js';
import { CartLoader } from './cart.loader.js';
import { CartReader } from './cart.reader.js';
import { CartService } from './cart.service.js';
import { CartStore } from './cart.store.js';
import { CartSyncs } from './cart.syncs.js';
import { ItemCheck } from './item-check.js';
import { LiveUpdates } from './live-updates.js';
import { MergeStore } from './merge.store.js';
import { OrderedItemsStore } from './ordered-items.store.js';
import { UnreadableFields } from './unreadable-fields.js';
import { CartView } from './cart.view.js';
import { CartWriter } from './cart.writer.js';

@Module({
  imports: [InventoryCheckModule, PricingModule],
  controllers: [CartController, CartItemsController, CartEventsController],
  providers: [
    CartStore,
    CartSyncs,
    CartLoader,
    CartView,
    CartWriter,
    CartReader,
    CartService,
    ItemCheck,
    LiveUpdates,
    MergeStore,
    OrderedItemsStore,
    UnreadableFields,
  ],
  exports: [
    CartStore,
    CartSyncs,
    CartLoader,
    CartReader,
    CartView,
    CartWriter,
    ItemCheck,
    MergeStore,
    OrderedItemsStore,
  ],
})
export class CartModule {}
