import { Query } from '@app/database';
import { Sku } from './sku.js';

/** What those who hold a SKU may want to hear: its price fell, or it can be bought again. */
export interface SkuSignal {
  skuId: string;
  kind: 'price' | 'stock';
  /** Of the SKU with that change. */
  skuVersion: number;
}

const canBeBought = ({ status, stock }: Sku) => status === 'on' && stock > 0;

/** What of these changes holders may want to hear. A SKU that was not there before has none. */
export function signalsOf(before: readonly Sku[], after: readonly Sku[]): SkuSignal[] {
  const known = new Map(before.map((sku) => [sku.skuId, sku]));
  return after.flatMap((sku) => {
    const old = known.get(sku.skuId);
    const { skuId, version: skuVersion } = sku;
    const signals: SkuSignal[] = [];
    if (old && sku.price < old.price) signals.push({ skuId, kind: 'price', skuVersion });
    if (old && !canBeBought(old) && canBeBought(sku)) signals.push({ skuId, kind: 'stock', skuVersion });
    return signals;
  });
}

/**
 * Leaves word, in the transaction of the change, that the holders of these SKUs are to be told; who they are is found
 * out later (`libs/sync`, shopper events), however many. Of one SKU and kind there is one row: a further change before
 * all are told begins again with the first of them.
 */
export async function recordSkuSignals(before: readonly Sku[], after: readonly Sku[], query: Query): Promise<void> {
  const signals = signalsOf(before, after);
  if (signals.length === 0) return;
  const places = signals.map(() => '(?, ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))').join(', ');
  await query(
    `INSERT INTO sku_signal (sku_id, kind, sku_version, changed_at, created_at) VALUES ${places}
     ON DUPLICATE KEY UPDATE sku_version = VALUES(sku_version), changed_at = VALUES(changed_at), after_id = 0`,
    signals.flatMap(({ skuId, kind, skuVersion }) => [skuId, kind, skuVersion]),
  );
}
