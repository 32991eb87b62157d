import { setTimeout as delay } from 'node:timers/promises';

/** Waits for `done`, at most `ms`; false when it did not come in time. Rejects as `done` does. */
export async function within(done: Promise<unknown>, ms: number): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(ms, false, { signal: timer.signal });
  try {
    return await Promise.race([done.then(() => true), late]);
  } finally {
    timer.abort();
  }
}
