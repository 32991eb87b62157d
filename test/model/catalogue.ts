/** The shop's side of the model: what is sold, at what price, how much of it, and the limits of a cart. */

export interface Sku {
  skuId: string;
  skuCode: string;
  spuId: string | null;
  shopId: string;
  shopName: string;
  name: string;
  image: string;
  spec: string;
  /** Cents. */
  price: number;
  stock: number;
  /** `null`: the service's own. */
  lowStockThreshold: number | null;
  /** `null`: none of its own. */
  purchaseLimit: number | null;
  status: 'on' | 'off';
}

/** The SKUs there are, and each that was as it was last. Nothing is changed in place. */
export class Catalogue {
  constructor(
    private readonly live: ReadonlyMap<string, Sku>,
    private readonly last: ReadonlyMap<string, Sku> = live,
  ) {}

  /** A SKU that is not there is unknown or deleted, which shoppers cannot tell apart. */
  get(skuId: string): Sku | undefined {
    return this.live.get(skuId);
  }

  /** What is shown of a SKU, also once it is deleted. */
  lastOf(skuId: string): Sku | undefined {
    return this.last.get(skuId);
  }

  with(sku: Sku): Catalogue {
    return new Catalogue(new Map(this.live).set(sku.skuId, sku), new Map(this.last).set(sku.skuId, sku));
  }

  without(skuId: string): Catalogue {
    const live = new Map(this.live);
    live.delete(skuId);
    return new Catalogue(live, this.last);
  }
}

export interface Settings {
  maxSkus: number;
  maxQuantityPerSku: number;
  lowStockThreshold: number;
  /** How many orders of one shopper may wait to be paid. */
  maxPendingOrders: number;
  currency: string;
}

/** An entry of a problem's `errors`. */
export interface Refusal {
  code: string;
  skuId?: string;
  available?: number;
  maximum?: number;
  requested?: number;
  /** Of a price that has risen. */
  expectedPayable?: string;
  payable?: string;
  /** As in `results`, for what an undo could not bring back. */
  status?: string;
  quantity?: number;
}

/** Numbers the contract leaves open for a code: they may be told, and are then right. */
export const OPTIONAL_NUMBERS: Record<string, readonly (keyof Refusal)[]> = {
  CART_FULL: ['status', 'quantity'],
  OUT_OF_STOCK: ['available', 'requested'],
  INSUFFICIENT_STOCK: ['requested'],
};

export function maximumOf(sku: Sku | undefined, settings: Settings): number {
  return Math.min(settings.maxQuantityPerSku, sku?.purchaseLimit ?? Infinity);
}

export function invalidReasonOf(sku: Sku | undefined): 'SKU_GONE' | 'OFF_SHELF' | 'OUT_OF_STOCK' | null {
  if (!sku) return 'SKU_GONE';
  if (sku.status === 'off') return 'OFF_SHELF';
  return sku.stock === 0 ? 'OUT_OF_STOCK' : null;
}

/** Why the cart may not come to hold `wanted` of a SKU, in the contract's order of checks, or `null`. */
export function refusalOf(
  skuId: string,
  sku: Sku | undefined,
  wanted: number,
  settings: Settings,
): (Refusal & { skuId: string }) | null {
  if (!sku) return { code: 'SKU_NOT_FOUND', skuId };
  if (sku.status === 'off') return { code: 'SKU_OFF_SHELF', skuId };
  const maximum = maximumOf(sku, settings);
  if (wanted > maximum) return { code: 'QUANTITY_LIMIT', skuId, maximum, requested: wanted };
  if (sku.stock === 0) return { code: 'OUT_OF_STOCK', skuId, available: 0, requested: wanted };
  if (wanted > sku.stock) return { code: 'INSUFFICIENT_STOCK', skuId, available: sku.stock, requested: wanted };
  return null;
}
