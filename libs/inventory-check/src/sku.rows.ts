import { fromCents, searchTextOf, toCents } from '@app/database';
import { ShopSku, Sku } from './sku.js';

export interface SkuRow {
  sku_id: string;
  sku_code: string;
  spu_id: string | null;
  shop_id: string;
  shop_name: string;
  name: string;
  image: string;
  spec: string;
  price: string;
  stock: number;
  low_stock_threshold: number | null;
  purchase_limit: number | null;
  status: 'on' | 'off' | 'gone';
  version: string;
}

export interface ShopSkuRow extends SkuRow {
  edition: string;
  added_no: string;
}

export const COLUMNS =
  'sku_id, sku_code, spu_id, shop_id, shop_name, name, image, spec, price, stock, low_stock_threshold, ' +
  'purchase_limit, status, version';
export const SHOP_COLUMNS = `${COLUMNS}, edition, added_no`;

/** What a write sets beside the id, in the order of {@link toParameters}; the version grows by itself. */
const WRITTEN =
  'sku_code, spu_id, shop_id, shop_name, name, image, spec, price, stock, low_stock_threshold, purchase_limit, status, ' +
  'edition, search_text';
/** The statement that writes whole rows over those of the same ids: `INSERT VALUES PLACES, … ON_DUPLICATE`. */
export const INSERT = `INSERT INTO product_sku (sku_id, ${WRITTEN}, version, update_time)`;
export const PLACES = `(?, ${WRITTEN.replaceAll(/\w+/g, '?')}, 1, UTC_TIMESTAMP())`;
export const ON_DUPLICATE = `ON DUPLICATE KEY UPDATE ${WRITTEN.replaceAll(/\w+/g, '$& = VALUES($&)')},
  version = version + 1, update_time = VALUES(update_time)`;

export function toParameters(sku: ShopSku): unknown[] {
  return [
    sku.skuId,
    sku.skuCode,
    sku.spuId,
    sku.shopId,
    sku.shopName,
    sku.name,
    sku.image,
    sku.spec,
    fromCents(sku.price),
    sku.stock,
    sku.lowStockThreshold,
    sku.purchaseLimit,
    sku.status,
    sku.edition,
    searchTextOf(sku.name, sku.skuCode),
  ];
}

export function toSku(row: SkuRow): Sku {
  return {
    skuId: row.sku_id,
    skuCode: row.sku_code,
    spuId: row.spu_id,
    shopId: row.shop_id,
    shopName: row.shop_name,
    name: row.name,
    image: row.image,
    spec: row.spec,
    price: toCents(row.price),
    stock: row.stock,
    lowStockThreshold: row.low_stock_threshold,
    purchaseLimit: row.purchase_limit,
    status: row.status,
    version: Number(row.version),
  };
}

export function toShopSku(row: ShopSkuRow): ShopSku {
  return { ...toSku(row), edition: Number(row.edition), addedNo: row.added_no };
}
