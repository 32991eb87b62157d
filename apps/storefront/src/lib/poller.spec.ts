import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pauseAfter, Poller } from './poller.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe(pauseAfter.name, () => {
  it('doubles with each failure, up to a minute', () => {
    expect([0, 1, 2, 3, 10, 10_000].map((failures) => pauseAfter(failures, 2_000))).toEqual([
      2_000, 4_000, 8_000, 16_000, 60_000, 60_000,
    ]);
  });

  it('is never shorter than it was asked for', () => {
    expect(pauseAfter(3, 90_000)).toBe(90_000);
  });
});

describe(Poller.name, () => {
  it('asks at once and then every so often', async () => {
    const task = vi.fn(async () => true);
    new Poller(task, 1_000).start();
    await vi.advanceTimersByTimeAsync(3_500);
    expect(task).toHaveBeenCalledTimes(4);
  });

  it('backs off while it fails, and is itself again after a success', async () => {
    const outcomes = [false, false, true, true];
    const task = vi.fn(async () => outcomes.shift() ?? true);
    new Poller(task, 1_000).start();
    const calls: number[] = [];
    for (let second = 0; second < 9; second += 1) {
      await vi.advanceTimersByTimeAsync(second === 0 ? 1 : 1_000);
      calls.push(task.mock.calls.length);
    }
    // At 0, 2, 6, 7, 8 s.
    expect(calls).toEqual([1, 1, 2, 2, 2, 2, 3, 4, 5]);
  });

  it('takes an exception for a failure', async () => {
    const task = vi.fn(async () => Promise.reject(new Error('away')));
    new Poller(task, 1_000).start();
    await vi.advanceTimersByTimeAsync(2_500);
    expect(task).toHaveBeenCalledTimes(2);
  });

  it('never runs twice at once, and asks nothing after its end', async () => {
    let running = 0;
    let most = 0;
    const signals: AbortSignal[] = [];
    const poller = new Poller(async (signal) => {
      signals.push(signal);
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      running -= 1;
      return true;
    }, 1_000);
    poller.start();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(most).toBe(1);
    poller.stop();
    expect(signals.at(-1)!.aborted).toBe(true);
    const asked = signals.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(signals).toHaveLength(asked);
  });
});
