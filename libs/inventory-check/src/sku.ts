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

/** A whole SKU as an operator sends it. */
export type SkuInput = Omit<Sku, 'version' | 'status'> & { status: 'on' | 'off' };

/** The fields of a SKU an operator changes; the others stay. */
export type SkuPatch = Partial<
  Pick<Sku, 'price' | 'stock' | 'lowStockThreshold' | 'purchaseLimit' | 'name' | 'image' | 'spec' | 'shopName'>
> & { status?: 'on' | 'off' };

/** Where a SKU may be from: everywhere, a shop, or a list. */
export type SkuScope = { platform: true } | { shopId: string } | { skuIds: readonly string[] };

/** Which SKUs a shopper wants listed. */
export interface SkuFilter {
  /** Part of the name or of the code, whatever the case. */
  text?: string;
  shopId?: string;
  spuId?: string;
}
