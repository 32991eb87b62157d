import { ClientClosedError, ClientOfflineError, ErrorReply } from 'redis';

/** Whether a refused command may have been carried out all the same. */
export type RedisOutcome = 'not-sent' | 'unknown';

/**
 * Redis cannot serve now. With `not-sent` nothing has happened; with `unknown` the command was on its way when the
 * connection was lost, so it may or may not have been carried out.
 */
export class RedisUnavailableError extends Error {
  /** What a client is told. */
  readonly appCode = 'CART_UNAVAILABLE';
  /** Seconds after which another try makes sense. */
  readonly retryAfter = 1;

  constructor(
    message: string,
    readonly outcome: RedisOutcome,
    options?: ErrorOptions,
    /** With which the server refused, such as OOM. */
    readonly refusal?: string,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** No reply within the deadline: the command may still be carried out later. */
export class RedisTimeoutError extends RedisUnavailableError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, 'unknown', options);
  }
}

/** Replies of a server that is up but cannot take the command: it has not been carried out, also inside a script. */
const REFUSAL = new RegExp(
  '^(?:ERR Error running script .*?: -?)?(' +
    // It is starting, full, demoted, without its replicas or its disk, or held up by a script.
    'LOADING|OOM|READONLY|MASTERDOWN|NOREPLICAS|NOGOODSLAVE|MISCONF|BUSY|UNKILLABLE|' +
    // Its account is not ours, or may not do this; or it is a cluster, where another node has the key.
    'NOAUTH|NOPERM|WRONGPASS|NOPROTO|MOVED|ASK|TRYAGAIN|CLUSTERDOWN|CROSSSLOT' +
    ')(?: |$)',
);
const REFUSAL_IN_WORDS =
  /^ERR (?:max number of clients reached|max clients|ACL failure|The user executing the script|operation not permitted|invalid password)/i;

/**
 * node-redis' error → ours. A reply that is about the command itself (WRONGTYPE, a script's own error) passes as it
 * is, and so does an argument that cannot be encoded: those are bugs, not outages.
 */
export function toRedisError(error: unknown): unknown {
  if (error instanceof ErrorReply) {
    const code = refusalIn(error.message);
    return code
      ? new RedisUnavailableError(`Redis refuses: ${error.message}`, 'not-sent', { cause: error }, code)
      : error;
  }
  if (error instanceof ClientOfflineError || error instanceof ClientClosedError) {
    return new RedisUnavailableError('Redis is not connected', 'not-sent', { cause: error });
  }
  if (error instanceof TypeError || error instanceof RedisUnavailableError) return error;
  return new RedisUnavailableError('The connection to Redis was lost', 'unknown', { cause: error });
}

function refusalIn(message: string): string | undefined {
  return REFUSAL.exec(message)?.[1] ?? (REFUSAL_IN_WORDS.test(message) ? 'ERR' : undefined);
}
