import { setTimeout as delay } from 'node:timers/promises';

export interface EventuallyOptions {
  /** Milliseconds after which the last error is thrown. */
  timeoutMs?: number;
  /** Milliseconds between two tries. */
  intervalMs?: number;
}

/**
 * Repeats `check` until it succeeds and returns what it returned: the tests' only way to wait.
 * A throw and a falsy answer both mean "not yet", but `undefined` is what a check of assertions alone returns, and counts
 * as passed: to wait for something that may be undefined, assert it.
 * The time limit also holds against a check that never settles.
 *
 * @throws the last error of `check`, or one saying that it stayed falsy or never answered
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 20_000, intervalMs = 50 }: EventuallyOptions = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown = new Error(`no answer within ${timeoutMs} ms`);
  for (;;) {
    try {
      const value = await within(check, Math.max(1, deadline - Date.now()), last);
      if (value === undefined || value) {
        return value;
      }
      last = new Error(`still ${JSON.stringify(value)} after ${timeoutMs} ms`);
    } catch (error) {
      last = error;
    }
    if (Date.now() + intervalMs >= deadline) {
      throw last;
    }
    await delay(intervalMs);
  }
}

/**
 * The same, and says whether it took more than so many tries. Where a time is under test this is the fair clock: what
 * holds up a machine holds up the tries as well.
 */
export async function withinTries<T>(tries: number, check: () => T | Promise<T>): Promise<T> {
  let made = 0;
  const value = await eventually(() => {
    made += 1;
    return check();
  });
  if (made > tries) throw new Error(`took ${made} tries, not ${tries}`);
  return value;
}

async function within<T>(check: () => T | Promise<T>, timeoutMs: number, last: unknown): Promise<T> {
  const timer = new AbortController();
  const expired = delay(timeoutMs, undefined, { signal: timer.signal }).then(() => Promise.reject(last as Error));
  expired.catch(() => undefined);
  try {
    return await Promise.race([check(), expired]);
  } finally {
    timer.abort();
  }
}
