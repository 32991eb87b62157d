/** One entry of the body of `PUT /v1/admin/skus`. */
export interface SkuInput {
  skuId: string;
  skuCode: string;
  shopId: string;
  shopName?: string;
  name: string;
  image?: string;
  spec?: string;
  /** Decimal string with two places. */
  price: string;
  stock: number;
  lowStockThreshold?: number;
  purchaseLimit?: number;
  status: 'on' | 'off';
  spuId?: string;
}
