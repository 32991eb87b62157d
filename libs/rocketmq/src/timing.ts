import { setTimeout as delay } from 'node:timers/promises';

/** A range of delays in milliseconds. */
export interface DelayRange {
  minMs: number;
  maxMs: number;
}

/**
 * The delay before the next try after `failures` (≥ 1) failures in a row: doubles from `minMs`, never over `maxMs`.
 * Up to a fifth is taken off at random, so that many clients of one broken server do not come back in step.
 */
export function backOffMs(failures: number, { minMs, maxMs }: DelayRange): number {
  const full = Math.min(maxMs, minMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(full * (1 - Math.random() / 5));
}

/** Waits `ms`, or until `signal` fires: a wait that is cut short is not an error. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

/** What `work` answers, or a rejection with `late()` after `ms`. The work itself is not stopped. */
export async function within<T>(work: Promise<T>, ms: number, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until `work` is settled either way, at most `ms`. Never rejects; says whether it was settled. */
export async function settledWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  const settled = work.then(
    () => true,
    () => true,
  );
  return within(settled, Math.max(0, ms), () => new Error('late')).catch(() => false);
}

/** Waits until `work` is settled either way, or until `signal` fires. Never rejects. */
export async function settledOr(signal: AbortSignal, work: Promise<unknown>): Promise<void> {
  if (signal.aborted) return;
  let stop: () => void = () => undefined;
  const aborted = new Promise<void>((resolve) => (stop = resolve));
  signal.addEventListener('abort', stop, { once: true });
  try {
    await Promise.race([work.catch(() => undefined), aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
