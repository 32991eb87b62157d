/** Counted since the start of the process. */
export class LockCounters {
  /** Grants by the lock nodes. */
  acquired = 0;
  /** Callers let in under a grant that this process held already. */
  joined = 0;
  /** Callers refused: the wait ran out. */
  busy = 0;
  /** Grants done without: too few lock nodes answered. */
  unreachable = 0;
  /** Grants that had (almost) run out when they came, given back. */
  expiredGrant = 0;
  /** Releases of a lock that had run out before: the work took longer than the lease. */
  lateRelease = 0;
  /** Releases that did not reach the lock nodes; the lease ends by itself. */
  lostRelease = 0;
}

export interface LockLimits {
  /** Milliseconds to wait for the lock. */
  waitMs?: number;
  /** Milliseconds after which the lock nodes forget the holder. */
  leaseMs?: number;
}

/** The lock as a script takes it: in its own step, under this token. */
export interface LockStep {
  readonly token: string;
  readonly leaseMs: number;
}

/** What such a script answers when somebody else holds the lock: it did nothing. */
export interface Locked {
  code: 'LOCKED';
}

export type TryResult<T> = { ran: true; value: T } | { ran: false };

/**
 * Distributed locks; the token of whichever implementation the settings choose. A name is a full Redis key.
 *
 * They spare work and conflicts, never correctness: when too few lock nodes answer the work runs without a lock, and a
 * lease can end before the work does. A lock cannot be entered twice: take none while holding one.
 */
export abstract class LockService {
  readonly counters = new LockCounters();

  /**
   * Excludes other processes; callers of this process share one grant, for a bounded time and number, so that the
   * others get their turn.
   * @throws {LockBusyError}
   */
  abstract shared<T>(name: string, work: () => Promise<T>): Promise<T>;

  /**
   * As `shared`, for work that is one script on the live Redis. Where that is the lock node too, the script takes the
   * lock in its own step, `step`: no round trip for the lock alone, and no change is made without it. Without `step`
   * the lock is held, or there is none, and the script has nothing to take.
   * @throws {LockBusyError}
   */
  abstract guarded<T extends { code: string }>(
    name: string,
    work: (step?: LockStep) => Promise<T | Locked>,
  ): Promise<T>;

  /**
   * One at a time, also within this process.
   * @throws {LockBusyError}
   */
  abstract exclusive<T>(name: string, work: () => Promise<T>, limits?: LockLimits): Promise<T>;

  /** As `exclusive`, but does nothing when the lock is held. */
  abstract tryExclusive<T>(
    name: string,
    work: () => Promise<T>,
    limits?: Pick<LockLimits, 'leaseMs'>,
  ): Promise<TryResult<T>>;

  /** Waits, bounded, until what was held is given back. */
  abstract close(): Promise<void>;
}
