/** What a shopper or an operator can ask for, and how it looks on the wire. */

export type Strategy = 'sum' | 'overwrite' | 'skip' | 'max';

export type Operation =
  | { op: 'read'; group?: 'shop' | 'none' }
  | { op: 'badge' }
  | { op: 'add'; skuId: string; quantity: number; selected?: boolean }
  | { op: 'batch'; items: readonly { skuId: string; quantity: number }[]; mode?: 'atomic' | 'partial' }
  | { op: 'update'; skuId: string; quantity?: number; delta?: number; selected?: boolean }
  | { op: 'spec'; skuId: string; to: string }
  | { op: 'delete'; skuId: string }
  | { op: 'remove'; skuIds: readonly string[] }
  | { op: 'clear' }
  | { op: 'clear-invalid' }
  | { op: 'undo' }
  | { op: 'select'; scope: 'items' | 'shop' | 'all'; skuIds?: readonly string[]; shopId?: string; selected: boolean }
  | { op: 'merge'; guest: string; strategy?: Strategy; select?: 'keep' | 'unselected' }
  | { op: 'preview' }
  /** `quoteOf`: the content of the preview that the quote is of, which is not sent. */
  | { op: 'checkout'; expectedPayable: string; quote?: string; quoteOf?: string; items?: readonly Seen[] }
  /** An order of the world, by its index. */
  | { op: 'cancel'; order: number }
  | { op: 'pay'; order: number }
  | { op: 'malformed'; method: string; path: string; body: unknown };

/** What a shopper saw of an item. */
export interface Seen {
  skuId: string;
  quantity: number;
}

export interface Request {
  /** Whose cart: a name of the world, not an id of the service. */
  owner: string;
  operation: Operation;
  /** The header as it is sent. */
  ifMatch?: string;
  idempotencyKey?: string;
  minimal?: boolean;
  /** A guest whose header is sent beside the user's token. */
  alsoAs?: string;
}

export interface Wire {
  method: string;
  path: string;
  body?: unknown;
}

export const orderName = (index: number) => `order ${index}`;

/** @param idOf what the service calls a guest or an order of the world */
export function toWire(operation: Operation, idOf: (name: string) => string = (name) => name): Wire {
  switch (operation.op) {
    case 'read':
      return { method: 'GET', path: operation.group ? `/v1/cart?group=${operation.group}` : '/v1/cart' };
    case 'badge':
      return { method: 'GET', path: '/v1/cart/badge' };
    case 'add': {
      const { op: _, ...body } = operation;
      return { method: 'POST', path: '/v1/cart/items', body };
    }
    case 'batch': {
      const { op: _, ...body } = operation;
      return { method: 'POST', path: '/v1/cart/items/batch', body };
    }
    case 'update': {
      const { op: _, skuId, ...body } = operation;
      return { method: 'PATCH', path: `/v1/cart/items/${skuId}`, body };
    }
    case 'spec':
      return { method: 'PUT', path: `/v1/cart/items/${operation.skuId}/spec`, body: { skuId: operation.to } };
    case 'delete':
      return { method: 'DELETE', path: `/v1/cart/items/${operation.skuId}` };
    case 'remove':
      return { method: 'POST', path: '/v1/cart/items/remove', body: { skuIds: operation.skuIds } };
    case 'clear':
      return { method: 'DELETE', path: '/v1/cart' };
    case 'clear-invalid':
      return { method: 'DELETE', path: '/v1/cart/invalid-items' };
    case 'undo':
      return { method: 'POST', path: '/v1/cart/undo' };
    case 'select': {
      const { op: _, ...body } = operation;
      return { method: 'PUT', path: '/v1/cart/selection', body };
    }
    case 'merge': {
      const { op: _, guest, ...body } = operation;
      return { method: 'POST', path: '/v1/cart/merge', body: { clientCartId: idOf(guest), ...body } };
    }
    case 'preview':
      return { method: 'POST', path: '/v1/cart/checkout/preview', body: {} };
    case 'checkout': {
      const { op: _, quoteOf: __, ...body } = operation;
      return { method: 'POST', path: '/v1/cart/checkout', body };
    }
    case 'cancel':
    case 'pay':
      return { method: 'POST', path: `/v1/orders/${idOf(orderName(operation.order))}/${operation.op}` };
    case 'malformed':
      return { method: operation.method, path: operation.path, body: operation.body };
  }
}

export function isRead({ op }: Operation): boolean {
  return op === 'read' || op === 'badge' || op === 'preview';
}
