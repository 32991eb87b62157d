import { AppError, type ErrorCode, type ErrorDetail, ERRORS } from './app-error.js';

/** The body of every error answer, RFC 9457. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: ErrorCode;
  detail: string;
  errors: ErrorDetail[];
  [extra: string]: unknown;
}

export const PROBLEM_TYPE = 'application/problem+json';

/** Refusals that pass by themselves: the client is told to come back after this many seconds. */
const RETRY_AFTER: Partial<Record<ErrorCode, number>> = {
  CART_BUSY: 1,
  IDEMPOTENCY_IN_PROGRESS: 1,
  RATE_LIMITED: 1,
  CART_UNAVAILABLE: 1,
};

/** HTTP status → code, for errors of Fastify and Nest that know a status only. */
const CODE_OF_STATUS: Record<number, ErrorCode> = {
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  408: 'REQUEST_TIMEOUT',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'RATE_LIMITED',
  431: 'HEADERS_TOO_LARGE',
  503: 'CART_UNAVAILABLE',
};

/** The body of an error. Members of `extra` stand beside the standard ones and never replace them. */
export function toProblem(error: AppError): Problem {
  const [status, title] = ERRORS[error.code];
  return {
    ...error.extra,
    type: `urn:shopping-cart:problem:${error.code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status,
    code: error.code,
    detail: error.message,
    errors: error.details,
  };
}

/** The headers that belong to an error, beside those of its body. */
export function problemHeaders(error: AppError): Record<string, string> {
  const headers: Record<string, string> = { ...error.headers, 'content-type': PROBLEM_TYPE };
  const retryAfter = error.retryAfter ?? RETRY_AFTER[error.code];
  if (retryAfter !== undefined) headers['retry-after'] = String(Math.max(1, Math.ceil(retryAfter)));
  if (error.status === 401) headers['www-authenticate'] = 'Bearer';
  return headers;
}

/**
 * What a client may be told about `error`, or undefined when it is a bug.
 *
 * An adapter cannot always throw an AppError: an Error with `appCode: ErrorCode` and an optional `retryAfter` (seconds)
 * counts as one, but its message stays inside, for it may name a host. Client errors (4xx) of Fastify and Nest get the
 * code of their status.
 */
export function toAppError(error: unknown): AppError | undefined {
  if (error instanceof AppError) return error;
  if (!(error instanceof Error)) return undefined;
  const { appCode, retryAfter } = error as { appCode?: unknown; retryAfter?: unknown };
  if (isErrorCode(appCode)) {
    return new AppError(appCode, [], ERRORS[appCode][1], {
      cause: error,
      retryAfter: typeof retryAfter === 'number' ? retryAfter : undefined,
    });
  }
  const status = statusOf(error);
  if (status === undefined) return undefined;
  const code = CODE_OF_STATUS[status] ?? (status < 500 ? 'VALIDATION_FAILED' : undefined);
  return code && new AppError(code, [], ERRORS[code][1], { cause: error });
}

function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERRORS, value);
}

/** Nest's exceptions have getStatus(), Fastify's errors and broken request streams a statusCode. */
function statusOf(error: Error): number | undefined {
  const { getStatus, statusCode } = error as { getStatus?: () => number; statusCode?: unknown };
  const status = typeof getStatus === 'function' ? getStatus.call(error) : statusCode;
  return typeof status === 'number' && status >= 400 && status <= 599 ? status : undefined;
}
