import { AppError, ErrorDetail } from '@app/common';
import { compareDecimals, Query } from '@app/database';
import { recordSkuSignals } from './sku-signals.js';
import { SkuNumbers } from './sku.numbers.js';
import { INSERT, ON_DUPLICATE, PLACES, SHOP_COLUMNS, ShopSkuRow, toParameters, toShopSku } from './sku.rows.js';
import { ShopSku, SkuInput } from './sku.js';

const CHUNK = 1_000;
/** The shop of a SKU that names none. */
const DEFAULT_SHOP = '1';

type NamedInput = SkuInput & { skuId: string };

/**
 * Inserts or replaces SKUs within a transaction; of a SKU that is named twice the last entry counts. Returns them as they
 * are now, in the order in which they were first named. Throws `SKU_CODE_TAKEN`.
 */
export async function upsertSkus(inputs: readonly SkuInput[], query: Query): Promise<ShopSku[]> {
  const newest = new Map((await withNumbers(inputs, query)).map((input) => [input.skuId, input]));
  // In the order of ids, so that two transactions wait for each other instead of deadlocking.
  const sorted = [...newest.values()].sort((a, b) => compareDecimals(a.skuId, b.skuId));
  const stored = new Map<string, ShopSku>();
  for (let i = 0; i < sorted.length; i += CHUNK) {
    const chunk = sorted.slice(i, i + CHUNK);
    const before = await lockOrMake(
      chunk.map(({ skuId }) => skuId),
      query,
    );
    const after = chunk.map((input) => replaced(before.get(input.skuId)!, input));
    await writeSkus(before, after, query);
    for (const sku of await readShopSkus([...before.keys()], query)) stored.set(sku.skuId, sku);
    const known = [...before.values()].filter(({ version }) => version > 0);
    await recordSkuSignals(
      known,
      [...before.keys()].map((skuId) => stored.get(skuId)!),
      query,
    );
  }
  return [...newest.keys()].map((skuId) => stored.get(skuId)!);
}

const BY_IDS = `SELECT ${SHOP_COLUMNS} FROM product_sku WHERE sku_id IN (?) ORDER BY sku_id`;

export async function readShopSkus(skuIds: readonly string[], query: Query): Promise<ShopSku[]> {
  return (await query<ShopSkuRow>(BY_IDS, [skuIds])).map(toShopSku);
}

/** As {@link readShopSkus}, and no other transaction changes them until that of `query` ends. */
export async function lockShopSkus(skuIds: readonly string[], query: Query): Promise<ShopSku[]> {
  return (await query<ShopSkuRow>(`${BY_IDS} FOR UPDATE`, [skuIds])).map(toShopSku);
}

/** Writes whole SKUs over rows that are locked. */
export async function writeSkus(
  before: ReadonlyMap<string, ShopSku>,
  after: readonly ShopSku[],
  query: Query,
): Promise<void> {
  await refuseTakenCodes(before, after, query);
  // Codes may be exchanged in one call: each is let go before another row takes it.
  const renamed = after.filter(({ skuId, skuCode }) => {
    const was = before.get(skuId)!;
    return was.status !== 'gone' && was.skuCode !== skuCode;
  });
  if (renamed.length > 1) {
    const ids = renamed.map(({ skuId }) => skuId);
    await query(`UPDATE product_sku SET status = 'gone' WHERE sku_id IN (?)`, [ids]);
  }
  const places = Array<string>(after.length).fill(PLACES).join(', ');
  await query(
    `${INSERT} VALUES ${places} ${ON_DUPLICATE}`,
    after.map((sku) => ({ ...sku, edition: nextEdition(before.get(sku.skuId)!, sku) })).flatMap(toParameters),
  );
}

/** A write that changes nothing keeps it. */
export function nextEdition(before: ShopSku, after: ShopSku): number {
  const isSame = COMPARED.every((field) => before[field] === after[field]);
  return isSame ? before.edition : before.edition + 1;
}

const COMPARED = [
  'skuCode',
  'spuId',
  'shopId',
  'shopName',
  'name',
  'image',
  'spec',
  'price',
  'stock',
  'lowStockThreshold',
  'purchaseLimit',
  'status',
] as const satisfies (keyof ShopSku)[];

/** A SKU that is gone counts for none: what is left out of its input is that of a new one. */
function replaced(before: ShopSku, input: NamedInput): ShopSku {
  const isKnown = before.status !== 'gone';
  const { shopId = isKnown ? before.shopId : DEFAULT_SHOP, stock = isKnown ? before.stock : 0 } = input;
  const shopName = input.shopName ?? (isKnown && input.shopId === undefined ? before.shopName : '');
  return { ...before, ...input, shopId, stock, shopName };
}

/** An entry without an id is about the SKU with its code: one of the same call, one that there is, was, or a new one. */
async function withNumbers(inputs: readonly SkuInput[], query: Query): Promise<NamedInput[]> {
  const unnamed = inputs.filter(({ skuId }) => skuId === undefined);
  if (unnamed.length === 0) return inputs as NamedInput[];
  const ids = new Map<string, string>();
  for (const { skuId, skuCode } of inputs) if (skuId !== undefined) ids.set(codeKey(skuCode), skuId);
  const unknown = () => [...new Set(unnamed.map(({ skuCode }) => codeKey(skuCode)))].filter((code) => !ids.has(code));
  await addKnownIds(ids, unknown(), query);
  if (unknown().length > 0) {
    const numbers = await SkuNumbers.lock(query);
    // Another call may have brought the same codes while this one waited for the numbers.
    await addKnownIds(ids, unknown(), query);
    const codes = unknown();
    const free = await numbers.take(codes.length);
    codes.forEach((code, i) => ids.set(code, free[i]!));
  }
  return inputs.map((input) => ({ ...input, skuId: input.skuId ?? ids.get(codeKey(input.skuCode))! }));
}

/** Of the SKUs with a code the one that there is, else the one that was changed last. */
async function addKnownIds(ids: Map<string, string>, codes: readonly string[], query: Query): Promise<void> {
  if (codes.length === 0) return;
  const rows = await query<{ sku_id: string; sku_code: string }>(
    `SELECT sku_id, sku_code FROM product_sku WHERE sku_code IN (?)
     ORDER BY status = 'gone', update_time DESC, sku_id DESC`,
    [codes],
  );
  for (const row of rows) if (!ids.has(codeKey(row.sku_code))) ids.set(codeKey(row.sku_code), row.sku_id);
}

/**
 * The rows, locked; one of version 0 that is gone stands for a SKU that is not there yet. So two calls that bring the same
 * new SKU wait for each other, and the second knows what the first has written.
 */
async function lockOrMake(skuIds: readonly string[], query: Query): Promise<Map<string, ShopSku>> {
  const lock = async () => new Map((await lockShopSkus(skuIds, query)).map((sku) => [sku.skuId, sku]));
  const found = await lock();
  const missing = skuIds.filter((skuId) => !found.has(skuId));
  if (missing.length === 0) return found;
  const places = missing.map(() => `(?, '', 1, '', '', '', '', 0, 0, 'gone', 0, UTC_TIMESTAMP(), 0)`).join(', ');
  await query(
    `INSERT INTO product_sku (sku_id, sku_code, shop_id, shop_name, name, image, spec, price, stock, status, version,
       update_time, edition)
     VALUES ${places} ON DUPLICATE KEY UPDATE version = version`,
    missing,
  );
  return lock();
}

async function refuseTakenCodes(
  before: ReadonlyMap<string, ShopSku>,
  after: readonly ShopSku[],
  query: Query,
): Promise<void> {
  const holders = new Map<string, string>();
  const rows = await query<{ sku_id: string; sku_code: string }>(
    'SELECT sku_id, sku_code FROM product_sku WHERE live_code IN (?)',
    [after.map(({ skuCode }) => skuCode)],
  );
  for (const row of rows) if (!before.has(row.sku_id)) holders.set(codeKey(row.sku_code), row.sku_id);
  const isOwn = ({ skuId, skuCode }: ShopSku) => before.get(skuId)!.skuCode === skuCode;
  // A SKU that keeps its code has it before one that wants it.
  const inTurn = [...after].sort((a, b) => Number(isOwn(b)) - Number(isOwn(a)));
  const taken: ErrorDetail[] = [];
  for (const { skuId, skuCode } of inTurn) {
    if (holders.has(codeKey(skuCode))) taken.push({ code: 'SKU_CODE_TAKEN', skuId, skuCode });
    else holders.set(codeKey(skuCode), skuId);
  }
  if (taken.length > 0) throw new AppError('SKU_CODE_TAKEN', taken);
}

/** As MySQL compares codes: blanks at the end do not count. */
function codeKey(skuCode: string): string {
  return skuCode.replace(/ +$/, '');
}
