/** code → HTTP status and title: the one table of every refusal a client can meet. */
export const ERRORS = {
  VALIDATION_FAILED: [400, 'The request is not valid'],
  UNAUTHENTICATED: [401, 'Who is asking is not known'],
  INVALID_CLIENT_CART_ID: [401, 'The client cart id is not one of ours'],
  FORBIDDEN: [403, 'Not allowed'],
  NOT_FOUND: [404, 'There is nothing at this address'],
  SKU_NOT_FOUND: [404, 'The SKU does not exist'],
  ITEM_NOT_FOUND: [404, 'The item is not in the cart'],
  ORDER_NOT_FOUND: [404, 'The order does not exist'],
  COUPON_NOT_FOUND: [404, 'The coupon does not exist'],
  METHOD_NOT_ALLOWED: [405, 'The method is not allowed here'],
  REQUEST_TIMEOUT: [408, 'The request took too long to arrive'],
  SKU_OFF_SHELF: [409, 'The SKU is off the shelf'],
  OUT_OF_STOCK: [409, 'The SKU is out of stock'],
  INSUFFICIENT_STOCK: [409, 'Not enough stock'],
  QUANTITY_LIMIT: [409, 'Over the quantity limit of the SKU'],
  CART_FULL: [409, 'The cart holds the most SKUs it may'],
  CART_BUSY: [409, 'The cart is being changed by somebody else'],
  CHECKOUT_REJECTED: [409, 'The cart cannot be ordered as it is'],
  CART_CHANGED: [409, 'The cart is not what the shopper saw'],
  PRICE_CHANGED: [409, 'The amount to pay has risen'],
  TOO_MANY_ORDERS: [409, 'The shopper has the most unpaid orders there may be'],
  ORDER_PAID: [409, 'The order is already paid'],
  ORDER_CLOSED: [409, 'The order is cancelled or expired'],
  REDIS_NEWER: [409, 'The live cart is newer than the copy'],
  NOTHING_SELECTED: [409, 'Nothing is selected'],
  GUEST_CART_MERGED: [409, 'The guest cart was merged into a user cart'],
  NOTHING_TO_UNDO: [409, 'There is nothing to undo'],
  NOT_A_VARIANT: [409, 'The SKU is no variant of the same product'],
  SKU_CODE_TAKEN: [409, 'Another SKU has the code'],
  IDEMPOTENCY_IN_PROGRESS: [409, 'The first request with this key is still running'],
  VERSION_MISMATCH: [412, 'It has changed since it was read'],
  PAYLOAD_TOO_LARGE: [413, 'The body is too large'],
  UNSUPPORTED_MEDIA_TYPE: [415, 'The body must be JSON'],
  IDEMPOTENCY_KEY_REUSED: [422, 'The key was used for another request'],
  RATE_LIMITED: [429, 'Too many requests'],
  HEADERS_TOO_LARGE: [431, 'The headers are too large'],
  INTERNAL_ERROR: [500, 'Something went wrong'],
  CART_UNAVAILABLE: [503, 'The cart cannot be reached right now'],
} as const satisfies Record<string, readonly [status: number, title: string]>;

export type ErrorCode = keyof typeof ERRORS;

/** One entry of `errors[]` in a problem: a code, what it is about, and its numbers as fields. */
export interface ErrorDetail {
  code: ErrorCode;
  skuId?: string;
  field?: string;
  [number: string]: unknown;
}

/** An expected refusal: it has a stable code and becomes an `application/problem+json` answer. */
export class AppError extends Error {
  constructor(
    readonly code: ErrorCode,
    readonly details: ErrorDetail[] = [],
    message: string = ERRORS[code][1],
    options?: ErrorOptions & {
      /** Seconds, sent as `Retry-After`. */
      retryAfter?: number;
      /** Fields beside the standard ones, such as the current cart. */
      extra?: Record<string, unknown>;
      /** Headers beside those of its code. */
      headers?: Record<string, string>;
    },
  ) {
    super(message, options);
    this.name = AppError.name;
    this.retryAfter = options?.retryAfter;
    this.extra = options?.extra;
    this.headers = options?.headers;
  }

  readonly retryAfter: number | undefined;
  readonly extra: Record<string, unknown> | undefined;
  readonly headers: Record<string, string> | undefined;

  get status(): number {
    return ERRORS[this.code][0];
  }
}
