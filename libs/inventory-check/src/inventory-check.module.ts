import { Module } from '@nestjs/common';
import { CatalogueAdminController } from './catalogue.admin.controller.js';
import { Catalogue } from './catalogue.js';
import { CatalogueSharer } from './catalogue.sharer.js';
import { InventoryCheck } from './inventory-check.js';
import { SkuTable } from './sku.table.js';

@Module({
  controllers: [CatalogueAdminController],
  providers: [Catalogue, CatalogueSharer, InventoryCheck, SkuTable],
  exports: [Catalogue, InventoryCheck, SkuTable],
})
export class InventoryCheckModule {}
