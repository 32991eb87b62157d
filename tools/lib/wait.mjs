import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from './failure.mjs';

/**
 * Sleeps. Throws AbortError when the signal fires.
 * @param {number} ms
 * @param {AbortSignal} [signal]
 */
export function sleep(ms, signal) {
  return delay(ms, undefined, { signal });
}

/**
 * Asks again and again until the answer is truthy, and returns that answer; a probe that throws counts as "not yet".
 * @template T
 * @param {() => Promise<T> | T} probe
 * @param {{ timeoutMs: number, what: string, signal?: AbortSignal, everyMs?: number }} options
 * @returns {Promise<NonNullable<T>>}
 * @throws {Failure} when the time ran out, with the last reason
 */
export async function until(probe, { timeoutMs, what, signal, everyMs = 100 }) {
  const deadline = Date.now() + timeoutMs;
  let reason = '';
  for (;;) {
    signal?.throwIfAborted();
    try {
      const answer = await probe();
      if (answer) return answer;
    } catch (error) {
      reason = `: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (Date.now() >= deadline) throw new Failure(`${what} within ${Math.round(timeoutMs / 1000)} s${reason}`);
    await sleep(everyMs, signal);
  }
}

/**
 * Runs tasks side by side. When one fails the others are aborted, and all have ended before the first error is thrown:
 * nothing runs on behind the caller's back.
 * @template T
 * @param {AbortSignal} signal
 * @param {((signal: AbortSignal) => Promise<T>)[]} tasks
 * @returns {Promise<T[]>}
 */
export async function together(signal, tasks) {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  /** @type {unknown} */
  let first;
  const settled = await Promise.allSettled(
    tasks.map(async (task) => {
      try {
        return await task(either);
      } catch (error) {
        if (!failed.signal.aborted) {
          first = error;
          failed.abort();
        }
        throw error;
      }
    }),
  );
  signal.throwIfAborted();
  if (failed.signal.aborted) throw first;
  return settled.map((result) => /** @type {PromiseFulfilledResult<T>} */ (result).value);
}
