import { Module } from '@nestjs/common';
import { InventoryCheckModule } from '@app/inventory-check';
import { CartItemsController } from './cart-items.controller.js';
import { CartController } from './cart.controller.js';
import { CartLoader } from './cart.loader.js';
import { CartReader } from './cart.reader.js';
import { CartService } from './cart.service.js';
import { CartStore } from './cart.store.js';
import { ItemCheck } from './item-check.js';
import { MergeStore } from './merge.store.js';
import { CartView } from './cart.view.js';
import { CartWriter } from './cart.writer.js';

@Module({
  imports: [InventoryCheckModule],
  controllers: [CartController, CartItemsController],
  providers: [CartStore, CartLoader, CartView, CartWriter, CartReader, CartService, ItemCheck, MergeStore],
  exports: [CartStore, CartLoader, CartWriter, ItemCheck, MergeStore],
})
export class CartModule {}
