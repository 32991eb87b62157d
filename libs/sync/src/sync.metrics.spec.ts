import 'reflect-metadata';
import { Metrics } from '@app/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OutboxStore } from './outbox.store.js';
import { SyncMetrics } from './sync.metrics.js';

/** Metrics of an outbox that says one thing after the other; an error when it has nothing more to say. */
function metricsOf(...backlogs: { depth: number; oldestAgeMs: number }[]) {
  const metrics = new Metrics();
  let asked = 0;
  // Two gauges ask at each reading.
  const backlog = async () => backlogs[Math.floor(asked++ / 2)] ?? Promise.reject(new Error('Redis is away'));
  const sync = new SyncMetrics(metrics, { backlog } as unknown as OutboxStore);
  return { sync, read: () => metrics.registry.metrics() };
}

/** What a gauge has found in Redis holds for a second. */
const HOLDS_MS = 1_000;

describe(SyncMetrics.name, () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => vi.useRealTimers());

  it('tells depth and age as they are when it is asked, and their last values while Redis is away', async () => {
    const { read } = metricsOf({ depth: 2, oldestAgeMs: 35_000 }, { depth: 0, oldestAgeMs: 0 });
    expect(await read()).toMatch(/^cart_outbox_depth 2$[^]*^cart_outbox_oldest_age_seconds 35$/m);
    for (let reading = 0; reading < 2; reading += 1) {
      vi.advanceTimersByTime(HOLDS_MS);
      expect(await read()).toMatch(/^cart_outbox_depth 0$[^]*^cart_outbox_oldest_age_seconds 0$/m);
    }
  });

  it('has a lag in the histogram and in the last minute, and none below zero', async () => {
    const { sync, read } = metricsOf();
    sync.observeLag(-5);
    sync.observeLag(1_500);
    expect(sync.recentLag()).toMatchObject({ changes: 2, mostMs: 1_500 });
    const text = await read();
    expect(text).toMatch(/^cart_sync_lag_seconds_bucket\{le="0.01"\} 1$/m);
    expect(text).toMatch(/^cart_sync_lag_seconds_bucket\{le="2"\} 2$/m);
  });
});
