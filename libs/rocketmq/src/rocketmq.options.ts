import type { SealOptions } from './event.seal.js';
import type { PoisonHook } from './event.server.js';
import type { DelayRange } from './timing.js';

export interface RocketmqOptions {
  /** `host:port` of the gRPC proxy. Several proxies: one name that resolves to all of them. */
  endpoints: string;
  topic: string;
  namespace?: string;
  /** Signs what is sent, and refuses what is not signed; without it every message counts. */
  seal?: SealOptions;
  /** TLS with Node's trust store (`NODE_EXTRA_CA_CERTS` adds to it): the client knows no client certificate. */
  sslEnabled?: boolean;
  credentials?: { accessKey: string; accessSecret: string; securityToken?: string };
  /** Limit of each call in ms, at least 1000. */
  requestTimeoutMs?: number;
  /** Limit of one start-up attempt in ms. */
  startupTimeoutMs?: number;
  /** Limit of `close()` in ms. */
  closeTimeoutMs?: number;
  /** Delays between connection attempts. */
  reconnect?: DelayRange;
}

export interface RocketmqServerOptions extends RocketmqOptions {
  /** Consumer group, not an orderly one. Provision it: see the README. */
  group: string;
  /** Messages of one receive, 1 to 32: the most that is in memory at any time. */
  batchSize?: number;
  /**
   * How long a received message is hidden from the group, in ms, at least 10 000. Renewed while its batch is being
   * handled; what a dead process had received comes again after this time.
   */
  invisibleMs?: number;
  /** Long poll in ms, at least 6000: the proxy refuses less than 5 s, and says so by failing at once. */
  awaitMs?: number;
  /** When a message whose handler failed comes again; doubles with each attempt. */
  redelivery?: DelayRange;
  /** Pauses between receives while every handler fails or the broker answers with errors. */
  receiveBackOff?: DelayRange;
  onPoison?: PoisonHook;
}

const DEFAULTS = {
  namespace: '',
  sslEnabled: false,
  requestTimeoutMs: 3000,
  startupTimeoutMs: 10_000,
  closeTimeoutMs: 3000,
  reconnect: { minMs: 500, maxMs: 5000 },
};

const SERVER_DEFAULTS = {
  batchSize: 32,
  invisibleMs: 30_000,
  awaitMs: 6000,
  redelivery: { minMs: 1000, maxMs: 30_000 },
  receiveBackOff: { minMs: 500, maxMs: 10_000 },
};

export type ResolvedOptions = RocketmqOptions & typeof DEFAULTS;
export type ResolvedServerOptions = RocketmqServerOptions & ResolvedOptions & typeof SERVER_DEFAULTS;

/** @throws RangeError when a value is one that the broker or its client would refuse much later, and less clearly */
export function resolveOptions(options: RocketmqOptions): ResolvedOptions {
  const resolved = { ...DEFAULTS, ...withoutUndefined(options) };
  // One address only: the client passes a list to gRPC as if it were one host name.
  check(/^[^\s:;,/]+:\d{1,5}$/.test(resolved.endpoints), 'endpoints must be one host:port');
  check(/^[\w%-]{1,127}$/.test(resolved.topic), 'topic must be 1 to 127 letters, digits, _ - %');
  check(resolved.requestTimeoutMs >= 1000, 'requestTimeoutMs must be at least 1000');
  check(resolved.startupTimeoutMs > 0 && resolved.closeTimeoutMs > 0, 'time limits must be positive');
  return resolved;
}

/** @throws RangeError, as {@link resolveOptions} */
export function resolveServerOptions(options: RocketmqServerOptions): ResolvedServerOptions {
  const resolved = { ...SERVER_DEFAULTS, ...resolveOptions(options), ...withoutUndefined(options) };
  // The proxy counts bytes, and the client sends the name as it is.
  check(/^[\w%-]{1,64}$/.test(resolved.group), 'group must be 1 to 64 letters, digits, _ - %');
  const { batchSize } = resolved;
  check(Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= 32, 'batchSize must be 1 to 32');
  check(resolved.invisibleMs >= 10_000, 'invisibleMs must be at least 10000');
  check(resolved.awaitMs >= 6000, 'awaitMs must be at least 6000');
  return resolved;
}

function check(valid: boolean, message: string): asserts valid {
  if (!valid) {
    throw new RangeError(`RocketMQ: ${message}`);
  }
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
