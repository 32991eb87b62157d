import { AppError, invalid } from '@app/common';
import { Query } from '@app/database';
import { recordSkuSignals } from './sku-signals.js';
import { lockShopSkus, nextEdition, readShopSkus, writeSkus } from './sku.upsert.js';
import { ShopSku, SkuPatch } from './sku.js';

const MAX_STOCK = 2_147_483_647;
/** Its request is no longer kept for repeats. */
const IS_OLD = 'create_time < UTC_TIMESTAMP(3) - INTERVAL 24 HOUR';
const PURGED = 100;

/** The request a change belongs to, when its client may repeat it. */
export interface ChangeRequest {
  key: string;
  /** Of the body. */
  hash: string;
}

/** When a change is made: at these editions, any when left out; and once for this request. */
export interface ChangeTerms {
  ifMatch?: readonly string[];
  request?: ChangeRequest;
}

/**
 * Changes some fields of one SKU within a transaction; `undefined` when it is unknown. Throws `VERSION_MISMATCH`,
 * `SKU_CODE_TAKEN`, `INSUFFICIENT_STOCK`.
 */
export async function patchSku(
  skuId: string,
  patch: SkuPatch,
  { ifMatch, request }: ChangeTerms,
  query: Query,
): Promise<ShopSku | undefined> {
  const before = await lockSku(skuId, query);
  if (!before) return undefined;
  // Of all fields only this one does harm when a repeat sets it again.
  if (patch.stockDelta !== undefined && request && (await isRepeat(request, query))) return before;
  refuseOtherEdition(before, ifMatch);
  await writeSkus(new Map([[skuId, before]]), [patched(before, patch)], query);
  const [after] = await readShopSkus([skuId], query);
  await recordSkuSignals([before], [after!], query);
  return after;
}

/** Marks a SKU as gone; `undefined` when it is unknown. The row stays, so that its version goes on growing. */
export async function removeSku(skuId: string, { ifMatch }: ChangeTerms, query: Query): Promise<ShopSku | undefined> {
  const before = await lockSku(skuId, query);
  if (!before) return undefined;
  refuseOtherEdition(before, ifMatch);
  const gone = { ...before, status: 'gone' as const };
  await query(
    `UPDATE product_sku SET status = 'gone', version = version + 1, edition = ?, update_time = UTC_TIMESTAMP()
     WHERE sku_id = ?`,
    [nextEdition(before, gone), skuId],
  );
  return (await readShopSkus([skuId], query))[0];
}

async function lockSku(skuId: string, query: Query): Promise<ShopSku | undefined> {
  const [sku] = await lockShopSkus([skuId], query);
  return sku?.status === 'gone' ? undefined : sku;
}

function refuseOtherEdition({ skuId, edition }: ShopSku, ifMatch: readonly string[] | undefined): void {
  if (!ifMatch || ifMatch.includes(String(edition))) return;
  const detail = { code: 'VERSION_MISMATCH' as const, skuId, version: String(edition) };
  throw new AppError('VERSION_MISMATCH', [detail], 'The SKU has changed');
}

function patched(before: ShopSku, { stockDelta = 0, ...fields }: SkuPatch): ShopSku {
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  const after: ShopSku = { ...before, ...given };
  // An empty name becomes the code.
  return { ...after, name: after.name || after.skuCode, stock: shifted(after, stockDelta) };
}

function shifted({ skuId, stock }: ShopSku, delta: number): number {
  const sum = stock + delta;
  if (sum < 0) throw new AppError('INSUFFICIENT_STOCK', [{ code: 'INSUFFICIENT_STOCK', skuId, available: stock }]);
  if (sum > MAX_STOCK) throw invalid([{ field: 'stockDelta', message: `leads above a stock of ${MAX_STOCK}` }]);
  return sum;
}

/** Writes the request down unless it is there. Throws `IDEMPOTENCY_KEY_REUSED` for another body. */
async function isRepeat({ key, hash }: ChangeRequest, query: Query): Promise<boolean> {
  await query(`DELETE FROM sku_change WHERE ${IS_OLD} ORDER BY create_time LIMIT ${PURGED}`);
  await query(`DELETE FROM sku_change WHERE request_key = ? AND ${IS_OLD}`, [key]);
  const [known] = await query<{ body_hash: string }>('SELECT body_hash FROM sku_change WHERE request_key = ?', [key]);
  if (known && known.body_hash !== hash) throw new AppError('IDEMPOTENCY_KEY_REUSED');
  if (known) return true;
  await query('INSERT INTO sku_change (request_key, body_hash, create_time) VALUES (?, ?, UTC_TIMESTAMP(3))', [
    key,
    hash,
  ]);
  return false;
}
