import { Injectable } from '@nestjs/common';
import { AppError, Env, ErrorDetail } from '@app/common';
import { CartLimits, Limits } from './limits.js';
import { Sku } from './sku.js';

/** What the scripts need to know to judge a quantity; the sum itself is judged inside them. */
export interface QuantityRule {
  state: 'on' | 'off' | 'gone';
  /** min(limit of the service, purchase limit of the SKU). */
  maximum: number;
  stock: number;
}

/** Stock and state of a SKU as a shopper sees them. */
export interface Availability {
  state: 'in_stock' | 'low' | 'out';
  available: number;
}

/** Whether a SKU may be in a cart, how much of it, and how its stock shows. */
@Injectable()
export class InventoryCheck {
  constructor(
    private readonly env: Env,
    private readonly systemLimits: Limits,
  ) {}

  /** The limits in force for every cart, by what this process knows: no query, no waiting. */
  limits(): CartLimits {
    return this.systemLimits.inForce();
  }

  /** Refuses a SKU nobody may add: `SKU_NOT_FOUND`, `SKU_OFF_SHELF`. */
  assertPurchasable(skuId: string, sku: Sku | null): asserts sku is Sku {
    if (!sku) throw new AppError('SKU_NOT_FOUND', [{ code: 'SKU_NOT_FOUND', skuId }]);
    if (sku.status !== 'on') throw new AppError('SKU_OFF_SHELF', [{ code: 'SKU_OFF_SHELF', skuId }]);
  }

  ruleOf(sku: Sku | null): QuantityRule {
    if (!sku) return { state: 'gone', maximum: this.maximumOf(null), stock: 0 };
    return { state: sku.status, maximum: this.maximumOf(sku), stock: sku.stock };
  }

  /**
   * Why so much of a SKU cannot be ordered, or `null`, in the order in which the scripts of the cart judge an add. What
   * the shopper has in unpaid orders, `held`, counts against the purchase limit. The limit of the service is about what
   * is added to a cart: what is there already can be ordered.
   */
  faultOf(skuId: string, sku: Sku | null, quantity: number, held = 0): ErrorDetail | null {
    const { state, stock } = this.ruleOf(sku);
    if (state === 'gone') return { code: 'SKU_NOT_FOUND', skuId };
    if (state === 'off') return { code: 'SKU_OFF_SHELF', skuId };
    const [maximum, requested] = [sku?.purchaseLimit ?? Infinity, quantity + held];
    if (requested > maximum) return { code: 'QUANTITY_LIMIT', skuId, maximum, requested };
    if (stock <= 0) return { code: 'OUT_OF_STOCK', skuId, available: 0 };
    if (quantity > stock) return { code: 'INSUFFICIENT_STOCK', skuId, available: stock, requested: quantity };
    return null;
  }

  maximumOf(sku: Sku | null): number {
    return Math.min(this.limits().maxQuantityPerSku, sku?.purchaseLimit ?? Infinity);
  }

  availabilityOf(sku: Sku | null): Availability {
    const available = sku?.stock ?? 0;
    const threshold = sku?.lowStockThreshold ?? this.env.LOW_STOCK_THRESHOLD;
    return { state: available <= 0 ? 'out' : available <= threshold ? 'low' : 'in_stock', available };
  }

  /** Why an item cannot be bought at all right now, or `null`. */
  invalidReasonOf(sku: Sku | null): 'SKU_GONE' | 'OFF_SHELF' | 'OUT_OF_STOCK' | null {
    if (!sku) return 'SKU_GONE';
    if (sku.status !== 'on') return 'OFF_SHELF';
    return sku.stock <= 0 ? 'OUT_OF_STOCK' : null;
  }
}
