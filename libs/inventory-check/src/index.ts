export { Catalogue } from './catalogue.js';
export { InventoryCheck } from './inventory-check.js';
export type { Availability, CartLimits, QuantityRule } from './inventory-check.js';
export { InventoryCheckModule } from './inventory-check.module.js';
export { SkuTable } from './sku.table.js';
export type { Sku, SkuInput, SkuPatch } from './sku.js';
export { toSkuInput, UpsertSkuDto } from './dto/sku.dto.js';
