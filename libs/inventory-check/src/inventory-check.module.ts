import { Module } from '@nestjs/common';
import { CatalogueAdminController } from './catalogue.admin.controller.js';
import { CatalogueController } from './catalogue.controller.js';
import { Catalogue } from './catalogue.js';
import { CatalogueSharer } from './catalogue.sharer.js';
import { InventoryCheck } from './inventory-check.js';
import { LimitsAdminController } from './limits.admin.controller.js';
import { Limits } from './limits.js';
import { LimitsService } from './limits.service.js';
import { SettingTable } from './setting.table.js';
import { ShopSkuList } from './shop-sku.list.js';
import { SkuList } from './sku.list.js';
import { SkuTable } from './sku.table.js';

@Module({
  controllers: [CatalogueController, CatalogueAdminController, LimitsAdminController],
  providers: [
    Catalogue,
    CatalogueSharer,
    InventoryCheck,
    Limits,
    LimitsService,
    SettingTable,
    ShopSkuList,
    SkuList,
    SkuTable,
  ],
  exports: [Catalogue, InventoryCheck, SkuList, SkuTable],
})
export class InventoryCheckModule {}
