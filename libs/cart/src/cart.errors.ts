import { AppError, ErrorDetail } from '@app/common';
import { RefusalCode } from './cart.store.js';

/** The one place where a script's refusal gets its name and the names of its numbers. */
export function refusal(code: RefusalCode, skuId: string, numbers: readonly number[]): AppError {
  return new AppError(code, [{ code, ...details(code, skuId, numbers) }]);
}

function details(code: RefusalCode, skuId: string, [first, second]: readonly number[]): Omit<ErrorDetail, 'code'> {
  switch (code) {
    case 'QUANTITY_LIMIT':
      return { skuId, maximum: first, requested: second };
    case 'INSUFFICIENT_STOCK':
      return { skuId, available: first, requested: second };
    case 'CART_FULL':
      return { skuId, maximum: first };
    case 'OUT_OF_STOCK':
      return { skuId, available: 0 };
    case 'ITEM_NOT_FOUND':
    case 'SKU_NOT_FOUND':
    case 'SKU_OFF_SHELF':
      return { skuId };
  }
}
