/** One of the faults a problem lists. */
export interface ProblemDetail {
  code: string;
  field?: string;
  skuId?: string;
  message?: string;
}

/** A request that was refused, or got no answer. `code` is one of the contract, or one of the two below. */
export class ProblemError extends Error {
  constructor(
    readonly code: string,
    detail: string,
    readonly status = 0,
    readonly details: readonly ProblemDetail[] = [],
  ) {
    super(detail);
  }
}

export const UNREACHABLE = 'UNREACHABLE';
const UNREADABLE = 'UNREADABLE_ANSWER';

/** What an answer that is none of success says; a proxy between us and the service may send anything. */
export function problemOf(status: number, text: string): ProblemError {
  const body = parsed(text) as Partial<{ code: string; detail: string; title: string; errors: ProblemDetail[] }> | null;
  if (typeof body?.code !== 'string')
    return new ProblemError(UNREADABLE, `answered ${status} without a reason`, status);
  const details = Array.isArray(body.errors) ? body.errors : [];
  return new ProblemError(body.code, body.detail || body.title || body.code, status, details);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Whatever was thrown, as something that can be shown. */
export function toProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  const isLate = error instanceof DOMException && error.name === 'TimeoutError';
  return new ProblemError(
    UNREACHABLE,
    isLate ? 'The service did not answer in time.' : 'The service is not reachable.',
  );
}
