import { AppError, ErrorCode, ErrorDetail } from '@app/common';
import { ResultLine } from './cart.result.js';

/** What a script may refuse, and the names of the numbers that follow its code. */
const NUMBERS = {
  ITEM_NOT_FOUND: [],
  SKU_NOT_FOUND: [],
  SKU_OFF_SHELF: [],
  NOT_A_VARIANT: [],
  QUANTITY_LIMIT: ['maximum', 'requested'],
  OUT_OF_STOCK: [],
  INSUFFICIENT_STOCK: ['available', 'requested'],
  CART_FULL: ['maximum'],
  GUEST_CART_MERGED: [],
  NOTHING_TO_UNDO: [],
} as const satisfies Partial<Record<ErrorCode, readonly string[]>>;

/** Fields and headers beside those of the refusal itself. */
export interface RefusalOptions {
  extra?: Record<string, unknown>;
  headers?: Record<string, string>;
}

/**
 * The refusal of a whole request: code and status of the first line, an entry per SKU. The one place where a script's
 * refusal gets its name and the names of its numbers.
 */
export function refusalOf(lines: readonly ResultLine[], options?: RefusalOptions): AppError {
  const details = lines.map(detailOf);
  return new AppError(
    details[0]!.code,
    details.filter(({ skuId }) => skuId !== undefined),
    undefined,
    options,
  );
}

/** One refused SKU. Throws when the script has said something that is no refusal. */
export function detailOf({ skuId, words: [code, ...numbers] }: ResultLine): ErrorDetail {
  if (!isRefusal(code)) throw new Error(`a script refused with ${code}`);
  const detail: ErrorDetail = { code };
  if (skuId !== '') detail.skuId = skuId;
  if (code === 'OUT_OF_STOCK') detail['available'] = 0;
  NUMBERS[code].forEach((name, i) => (detail[name] = Number(numbers[i])));
  return detail;
}

function isRefusal(code: string | undefined): code is keyof typeof NUMBERS {
  return code !== undefined && Object.hasOwn(NUMBERS, code);
}

/** An item that came back cut, or not at all, when a removal was undone. */
export interface UndoResult {
  skuId: string;
  status: 'clipped' | 'rejected';
  code: 'QUANTITY_LIMIT' | 'CART_FULL';
  /** What is in the cart now. */
  quantity: number;
}

export function undoResultOf({ skuId, words: [status, code, quantity] }: ResultLine): UndoResult {
  return { skuId, status, code, quantity: Number(quantity) } as UndoResult;
}

/** The refusal of an undo: of nothing at all, or of each item that was missing. */
export function undoRefusalOf(lines: readonly ResultLine[], options?: RefusalOptions): AppError {
  if (lines[0]?.skuId === '') return refusalOf(lines, options);
  const details = lines.map((line) => ({ ...undoResultOf(line), maximum: Number(line.words[3]) }));
  return new AppError(details[0]!.code, details, undefined, options);
}
