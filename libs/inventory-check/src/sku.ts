/** A SKU of the catalogue. Price in cents; `null` = the service's default. */
export interface Sku {
  skuId: string;
  skuCode: string;
  spuId: string | null;
  shopId: string;
  shopName: string;
  name: string;
  image: string;
  spec: string;
  price: number;
  stock: number;
  lowStockThreshold: number | null;
  purchaseLimit: number | null;
  status: 'on' | 'off' | 'gone';
  /** Grows by one with each change; a copy never replaces one of a higher version. */
  version: number;
}

/** A SKU as its shop keeps it. */
export interface ShopSku extends Sku {
  /** Grows with each change the shop makes; what orders take from the stock, or return, leaves it. */
  edition: number;
  /** Higher was added later. */
  addedNo: string;
}

/**
 * A whole SKU as an operator sends it. Without an id it is the one with its code, or a new one. A known one keeps the stock
 * and the shop that are left out, a new one has 0 and shop 1.
 */
export type SkuInput = Omit<Sku, 'version' | 'status' | 'skuId' | 'stock' | 'shopId' | 'shopName'> & {
  status: 'on' | 'off';
  skuId?: string;
  stock?: number;
  shopId?: string;
  shopName?: string;
};

/** The fields of a SKU an operator changes; the others stay. */
export type SkuPatch = Partial<Omit<Sku, 'skuId' | 'version' | 'status'>> & {
  status?: 'on' | 'off';
  /** Added to the stock. */
  stockDelta?: number;
};

/** Where a SKU may be from: everywhere, a shop, or a list. */
export type SkuScope = { platform: true } | { shopId: string } | { skuIds: readonly string[] };

/** Which SKUs a shopper wants listed. */
export interface SkuFilter {
  /** Part of the name or of the code, whatever the case. */
  text?: string;
  shopId?: string;
  spuId?: string;
}

/** Which SKUs an operator wants listed. */
export interface ShopSkuFilter {
  text?: string;
  shopId?: string;
  status?: 'on' | 'off';
}
