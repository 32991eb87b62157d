import { Injectable } from '@nestjs/common';
import { Metrics } from '@app/common';
import { Counter, Gauge } from 'prom-client';
import { RUN_KINDS, RUN_STATES, RunCounts, RunKind, RunStatus } from './sync-run.table.js';

/** The runs of this process; `sync_run` has those of all. */
@Injectable()
export class SyncRunsMetrics {
  /** How rarely the clock starts each kind of work, seconds; alarms are silent about what it never starts. */
  readonly schedule: Gauge;
  private readonly runs: Counter;
  private readonly carts: Counter;
  private readonly rows: Counter;
  private readonly driftTotal: Counter;
  private readonly failures: Counter;
  private readonly ended: Gauge;
  private readonly duration: Gauge;
  private readonly drift: Gauge;

  constructor({ registry }: Metrics) {
    const registers = [registry];
    const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames: ['kind'], registers });
    const counter = (name: string, help: string, labelNames: string[]) =>
      new Counter({ name, help, labelNames, registers });
    this.runs = counter('cart_sync_runs_total', 'Runs of the sync that have ended', ['kind', 'status']);
    this.carts = counter('cart_sync_run_carts_total', 'Carts that runs were done with; evict: that left Redis', [
      'kind',
    ]);
    this.rows = counter('cart_sync_run_rows_total', 'Rows that runs have written to MySQL', ['kind']);
    this.driftTotal = counter('cart_sync_drift_total', 'Differences that no change on its way explains', ['kind']);
    this.failures = counter('cart_sync_run_failures_total', 'Carts that a run could not do', ['kind']);
    this.ended = gauge('cart_sync_last_success_timestamp_seconds', 'When the last successful run ended');
    this.duration = gauge('cart_sync_last_duration_seconds', 'How long the last run took');
    this.drift = gauge('cart_sync_last_drift', 'Differences the last run has found and mended');
    this.schedule = gauge(
      'cart_sync_schedule_interval_seconds',
      'Longest time between two moments of a schedule; 0: it is off',
    );
    this.beginAtZero();
  }

  observe(kind: RunKind, status: RunStatus, durationMs: number, counts: RunCounts): void {
    this.runs.inc({ kind, status });
    this.carts.inc({ kind }, counts.carts);
    this.rows.inc({ kind }, counts.written + counts.softDeleted);
    this.driftTotal.inc({ kind }, counts.drift);
    this.failures.inc({ kind }, counts.failures);
    this.duration.set({ kind }, durationMs / 1000);
    this.drift.set({ kind }, counts.drift);
    if (status === 'succeeded') this.ended.set({ kind }, Date.now() / 1000);
  }

  /** Prometheus sees an increase only of what it has seen before: without a 0 the first failure would alarm nobody. */
  private beginAtZero(): void {
    for (const kind of RUN_KINDS) {
      for (const status of RUN_STATES) if (status !== 'running') this.runs.inc({ kind, status }, 0);
      for (const counter of [this.carts, this.rows, this.driftTotal, this.failures]) counter.inc({ kind }, 0);
    }
  }
}
