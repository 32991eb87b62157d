/**
 * `connecting`: no answer of the broker yet. `connected`: the last call worked.
 * `down`: the last call or connection attempt failed; it is being tried again.
 */
export type TransportState = 'connecting' | 'connected' | 'down';

/** What a health check may show of a transport. */
export interface TransportStatus {
  readonly state: TransportState;
  /** When this state began. */
  readonly since: Date;
  /** Why it is down. */
  readonly lastError?: string;
}

/** One line about anything that was thrown; Nest throws plain objects too. */
export function describeError(error: unknown): string {
  if (error instanceof Error) {
    const cause = error.cause === undefined ? '' : describeError(error.cause);
    return error.message.includes(cause) ? error.message : `${error.message}: ${cause}`;
  }
  const message: unknown = typeof error === 'object' && error !== null && 'message' in error ? error.message : error;
  return typeof message === 'string' ? message : JSON.stringify(message);
}
