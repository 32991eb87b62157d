import { describe, expect, it } from 'vitest';
import { AppError, ERRORS } from './app-error.js';
import { problemHeaders, toAppError, toProblem } from './http-problem.js';

/** The "Codes" of the HTTP contract, by hand: a code that changes here breaks somebody's client. */
const CONTRACT: Record<number, string> = {
  400: 'VALIDATION_FAILED',
  401: 'UNAUTHENTICATED INVALID_CLIENT_CART_ID',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND SKU_NOT_FOUND ITEM_NOT_FOUND ORDER_NOT_FOUND COUPON_NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  408: 'REQUEST_TIMEOUT',
  409:
    'SKU_OFF_SHELF OUT_OF_STOCK INSUFFICIENT_STOCK QUANTITY_LIMIT CART_FULL CART_BUSY CHECKOUT_REJECTED CART_CHANGED ' +
    'PRICE_CHANGED ORDER_PAID ORDER_CLOSED REDIS_NEWER NOTHING_SELECTED GUEST_CART_MERGED NOTHING_TO_UNDO ' +
    'NOT_A_VARIANT SKU_CODE_TAKEN TOO_MANY_ORDERS IDEMPOTENCY_IN_PROGRESS',
  412: 'VERSION_MISMATCH',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  422: 'IDEMPOTENCY_KEY_REUSED',
  429: 'RATE_LIMITED',
  431: 'HEADERS_TOO_LARGE',
  500: 'INTERNAL_ERROR',
  503: 'CART_UNAVAILABLE',
};

describe('the table of codes', () => {
  it('is the contract', () => {
    const expected = Object.entries(CONTRACT).flatMap(([status, codes]) =>
      codes.split(' ').map((code) => [code, Number(status)] as const),
    );
    const actual = Object.entries(ERRORS).map(([code, [status]]) => [code, status]);
    expect(Object.fromEntries(actual)).toEqual(Object.fromEntries(expected));
  });
});

describe(toAppError.name, () => {
  const withStatus = (fields: object) => Object.assign(new Error('secret host name'), fields);

  it.each([
    [{ statusCode: 413 }, 'PAYLOAD_TOO_LARGE'],
    [{ statusCode: 418 }, 'VALIDATION_FAILED'],
    [{ getStatus: () => 404 }, 'NOT_FOUND'],
    [{ getStatus: () => 503 }, 'CART_UNAVAILABLE'],
    [{ appCode: 'CART_BUSY' }, 'CART_BUSY'],
  ])('knows an error with %o', (fields, code) => {
    const known = toAppError(withStatus(fields));
    expect(known?.code).toBe(code);
    expect(JSON.stringify(toProblem(known as AppError))).not.toContain('secret');
  });

  it.each([
    {},
    { statusCode: 500 },
    { statusCode: 200 },
    { statusCode: '404' },
    { appCode: 'toString' },
    { code: 'ECONNREFUSED' },
  ])('takes an error with %o for a bug', (fields) => {
    expect(toAppError(withStatus(fields))).toBeUndefined();
  });

  it('takes what is no error for a bug', () => {
    for (const thrown of [undefined, null, 'text', { statusCode: 404 }]) expect(toAppError(thrown)).toBeUndefined();
  });
});

describe(problemHeaders.name, () => {
  it('tells when to come back, in whole seconds and at least one', () => {
    expect(problemHeaders(new AppError('CART_BUSY'))).toMatchObject({ 'retry-after': '1' });
    const error = (retryAfter: number) => new AppError('RATE_LIMITED', [], 'slow down', { retryAfter });
    expect(problemHeaders(error(0.2))).toMatchObject({ 'retry-after': '1' });
    expect(problemHeaders(error(2.1))).toMatchObject({ 'retry-after': '3' });
    expect(problemHeaders(new AppError('QUANTITY_LIMIT'))).not.toHaveProperty('retry-after');
  });
});
