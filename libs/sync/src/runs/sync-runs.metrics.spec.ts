import 'reflect-metadata';
import { Metrics } from '@app/common';
import { describe, expect, it } from 'vitest';
import { SyncRunsMetrics } from './sync-runs.metrics.js';

describe(SyncRunsMetrics.name, () => {
  it('shows a 0 for all that alarms count, before it happens the first time', async () => {
    const metrics = new Metrics();
    const { registry } = metrics;
    const runs = new SyncRunsMetrics(metrics);
    const first = await registry.metrics();
    expect(first).toMatch(/^cart_sync_runs_total\{kind="hourly",status="failed"\} 0$/m);
    expect(first).toMatch(/^cart_sync_runs_total\{kind="recovery",status="succeeded"\} 0$/m);
    expect(first).toMatch(/^cart_sync_drift_total\{kind="daily"\} 0$/m);
    expect(first).toMatch(/^cart_sync_run_failures_total\{kind="manual"\} 0$/m);

    runs.observe('evict', 'succeeded', 5, { carts: 3, failures: 1, written: 0, softDeleted: 0, drift: 0 });
    const second = await registry.metrics();
    expect(second).toMatch(/^cart_sync_run_carts_total\{kind="evict"\} 3$/m);
    expect(second).toMatch(/^cart_sync_run_failures_total\{kind="evict"\} 1$/m);
  });
});
