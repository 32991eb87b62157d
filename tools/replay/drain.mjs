import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 100;

/**
 * Waits until nothing is left in the outbox and every acknowledged add has its row in the change log, which is written
 * in one transaction with the cart's row.
 * @param {object} options
 * @param {() => Promise<number>} options.outboxDepth
 * @param {() => Promise<number>} options.logged rows of the replay's owners
 * @param {number} options.expected
 * @param {number} options.timeoutMs
 * @returns {Promise<{ ms: number, fault: string | undefined }>}
 */
export async function drain({ outboxDepth, logged, expected, timeoutMs }) {
  const started = performance.now();
  for (;;) {
    const [depth, rows] = [await outboxDepth(), await logged()];
    const ms = performance.now() - started;
    if (depth === 0 && rows >= expected) return { ms, fault: undefined };
    if (ms > timeoutMs) {
      const fault = `not drained after ${Math.round(ms / 1000)} s: outbox ${depth}, change log ${rows} of ${expected}`;
      return { ms, fault };
    }
    await sleep(POLL_MS);
  }
}
