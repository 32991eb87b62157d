import { Module } from '@nestjs/common';
import { CatalogueAdminController } from './catalogue.admin.controller.js';
import { Catalogue } from './catalogue.js';
import { InventoryCheck } from './inventory-check.js';
import { SkuTable } from './sku.table.js';

@Module({
  controllers: [CatalogueAdminController],
  providers: [Catalogue, InventoryCheck, SkuTable],
  exports: [Catalogue, InventoryCheck, SkuTable],
})
export class InventoryCheckModule {}
