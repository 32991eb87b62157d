import { Module } from '@nestjs/common';
import { InventoryCheckModule } from '@app/inventory-check';
import { CartController } from './cart.controller.js';
import { CartLoader } from './cart.loader.js';
import { CartService } from './cart.service.js';
import { CartStore } from './cart.store.js';
import { CartView } from './cart.view.js';

@Module({
  imports: [InventoryCheckModule],
  controllers: [CartController],
  providers: [CartStore, CartLoader, CartView, CartService],
  exports: [CartStore, CartLoader],
})
export class CartModule {}
