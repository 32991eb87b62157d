import { describe, expect, it } from 'vitest';
import { LAG_WINDOW_MS, LagWindow } from './lag.window.js';

const NOW = Date.parse('2026-11-27T08:00:00.000Z');
const NONE = { changes: 0, p50Ms: null, p95Ms: null, p99Ms: null, mostMs: null };

/** A window that has seen each of these lags at one moment. */
function after(...lags: number[]): LagWindow {
  const window = new LagWindow();
  for (const ms of lags) window.observe(ms, NOW);
  return window;
}

describe(LagWindow.name, () => {
  it('says nothing of no changes', () => {
    expect(new LagWindow().read(NOW)).toEqual(NONE);
  });

  it('gives quantiles that are never too low and at most 5 % too high', () => {
    const lags = Array.from({ length: 1000 }, (_, index) => index + 1);
    const { changes, p50Ms, p95Ms, p99Ms, mostMs } = after(...lags).read(NOW);
    expect([changes, mostMs]).toEqual([1000, 1000]);
    for (const [quantile, exact] of [[p50Ms, 500] as const, [p95Ms, 950] as const, [p99Ms, 990] as const]) {
      expect(quantile).toBeGreaterThanOrEqual(exact - 1);
      expect(quantile).toBeLessThanOrEqual(exact * 1.05 + 1);
    }
  });

  it('takes no lag at all, a fraction and hours', () => {
    expect(after(0).read(NOW)).toEqual({ changes: 1, p50Ms: 0, p95Ms: 0, p99Ms: 0, mostMs: 0 });
    expect(after(0.4).read(NOW).mostMs).toBe(0);
    expect(after(7_200_000).read(NOW)).toMatchObject({ changes: 1, mostMs: 7_200_000 });
  });

  it('forgets what is older than a minute, and nothing sooner than it must', () => {
    const window = after(500);
    expect(window.read(NOW + LAG_WINDOW_MS - 5_000).changes).toBe(1);
    expect(window.read(NOW + LAG_WINDOW_MS).changes).toBe(0);
    window.observe(10, NOW + LAG_WINDOW_MS);
    expect(window.read(NOW + LAG_WINDOW_MS)).toMatchObject({ changes: 1, mostMs: 10 });
  });
});
