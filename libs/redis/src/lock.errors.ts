/** The lock was held by somebody else until the wait ran out. Its name is left out: it can hold a guest's secret. */
export class LockBusyError extends Error {
  /** What a client is told. */
  readonly appCode = 'CART_BUSY';
  /** Seconds after which another try makes sense. */
  readonly retryAfter = 1;

  constructor() {
    super('The lock is held by somebody else');
    this.name = LockBusyError.name;
  }
}

/** A lock was asked for while one was held: a fault of the program, since a lock here cannot be entered twice. */
export class NestedLockError extends Error {
  constructor(held: string, wanted: string) {
    super(`${wanted} is asked for while ${held} is held`);
    this.name = NestedLockError.name;
  }
}
