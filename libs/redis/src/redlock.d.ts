/** The part of redlock 5 that we use: its package.json hides its own types from `nodenext`, and they need ioredis. */
declare module 'redlock' {
  /** What redlock asks of a node. */
  export interface LockNodeClient {
    evalsha(hash: string, keyCount: number, args: readonly (string | number)[]): Promise<unknown>;
    eval(script: string, keyCount: number, args: readonly (string | number)[]): Promise<unknown>;
    quit(): Promise<unknown>;
  }

  export interface Settings {
    driftFactor: number;
    retryCount: number;
    retryDelay: number;
    retryJitter: number;
    automaticExtensionThreshold: number;
  }

  export interface ExecutionStats {
    readonly membershipSize: number;
    readonly quorumSize: number;
    readonly votesFor: ReadonlySet<LockNodeClient>;
    readonly votesAgainst: ReadonlyMap<LockNodeClient, Error>;
  }

  export class ResourceLockedError extends Error {}

  export class ExecutionError extends Error {
    /** One per try; each resolves when all nodes have voted. */
    readonly attempts: readonly Promise<ExecutionStats>[];
  }

  export class Lock {
    readonly resources: string[];
    readonly value: string;
    /** Date.now() at which the lease ends, less the drift. */
    expiration: number;
  }

  export default class Redlock {
    constructor(clients: Iterable<LockNodeClient>, settings?: Partial<Settings>);
    acquire(resources: string[], durationMs: number, settings?: Partial<Settings>): Promise<Lock>;
    release(lock: Lock, settings?: Partial<Settings>): Promise<unknown>;
    /** The token of an acquire; private in its own types. */
    protected _random(): string;
  }
}
