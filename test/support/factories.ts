import { CartItem, CartRow, parseItem } from '@app/database';
import { InventoryCheck, Limits, Sku } from '@app/inventory-check';
import { Env } from '@app/common';
import { freshSkuId } from './services.js';

export function newSku(overrides: Partial<Sku> = {}): Sku {
  const skuId = overrides.skuId ?? freshSkuId();
  return {
    skuId,
    skuCode: `code-${skuId}`,
    spuId: null,
    shopId: '7',
    shopName: 'Shop 7',
    name: 'A lantern, "white" {metal} 白',
    image: '/images/lantern.png',
    spec: 'white',
    price: 339,
    stock: 1_000_000,
    lowStockThreshold: null,
    purchaseLimit: null,
    status: 'on',
    version: 1,
    ...overrides,
  };
}

/** What the scripts are told of one SKU under the given settings. */
export function ruleOf(env: Env, sku: Sku) {
  return new InventoryCheck(env, new Limits(env)).ruleOf(sku);
}

/** What `CartStore.add` takes for one SKU under the given settings. */
export function toAdd(env: Env, sku: Sku, quantity = 1) {
  const inventory = new InventoryCheck(env, new Limits(env));
  const addition = { skuId: sku.skuId, sku, rule: inventory.ruleOf(sku), quantity };
  return { additions: [addition], mode: 'atomic' as const, maxSkus: inventory.limits().maxSkus };
}

/** A whole snapshot as a Redis field has it. */
export const SNAPSHOT = '{"name":"n","image":"","spec":"","shopId":"7","skuCode":"c"}';

export function newItem(overrides: Partial<CartItem> = {}): CartItem {
  const now = Date.now();
  return {
    ...parseItem(freshSkuId(), `1 1 339 ${now} ${now} ${now}000000 ${now}000 ${SNAPSHOT}`),
    ...overrides,
  };
}

export function newRow(userId: string, overrides: Partial<CartRow> = {}): CartRow {
  return { ...newItem(overrides), userId, deleted: false, ...overrides };
}
