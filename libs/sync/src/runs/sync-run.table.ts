import { Injectable } from '@nestjs/common';
import { SyncOccasion, SyncTally } from '@app/cart';
import { Database, fromDateTime, toDateTime } from '@app/database';

export const RUN_KINDS = [
  'hourly',
  'daily',
  'manual',
  'recovery',
  'warm_up',
  'evict',
  'overflow',
  'recommendations',
] as const;
export type RunKind = (typeof RUN_KINDS)[number];
export const RUN_STATES = ['running', 'succeeded', 'failed'] as const;
export type RunStatus = (typeof RUN_STATES)[number];

/** What a run has done so far. */
export interface RunCounts {
  /** Carts that were looked at; of an eviction, those that left Redis; of learning, orders. */
  carts: number;
  /** Carts that could not be done. */
  failures: number;
  written: number;
  softDeleted: number;
  /** Differences that were no changes on their way. */
  drift: number;
}

/** How a run ended; `agoMs`: so long ago. */
export interface RunEnd {
  status: RunStatus;
  reason: string | null;
  agoMs: number;
}

export interface SyncRun extends RunCounts {
  runId: string;
  /** Of the syncs of single carts: what they were for; the line is for all of them in its time. */
  kind: RunKind | SyncOccasion;
  status: RunStatus;
  reason: string | null;
  /** ms since 1970. */
  startedAt: number;
  /** So far, of one that runs. */
  durationMs: number;
}

/** A running run that has been silent for so long has lost its process; by MySQL's clock, as every time here. */
const SILENT_SECONDS = 60;
const GONE = 'its process is gone';
const PAGE = 50;
const DUPLICATE = 1062;
/** An epoch has one recovery that succeeds: one that failed leaves it to the next. The clock's have their next moment. */
const LEAVE_DUE = "due_at = IF(kind = 'recovery', NULL, due_at)";
/** By MySQL's clock. */
const THIS_HOUR = "DATE_FORMAT(UTC_TIMESTAMP(), '%Y-%m-%d %H:00:00')";

/** The full ones have one slot together: one of them runs at a time. */
const SLOTS = {
  hourly: 'hourly',
  daily: 'full',
  manual: 'full',
  recovery: 'recovery',
  warm_up: 'warm_up',
  evict: 'evict',
  overflow: 'overflow',
  recommendations: 'recommendations',
} satisfies Record<RunKind, string>;

interface RawRun {
  run_id: string;
  kind: SyncRun['kind'];
  status: RunStatus;
  reason: string | null;
  started_at: string;
  duration_ms: string;
  is_silent: number | string;
  carts: string;
  failures: string;
  written: string;
  soft_deleted: string;
  drift: string;
}

/** The `sync_run` table. A row is the lease of its run too: a unique slot while it runs, and a heartbeat. */
@Injectable()
export class SyncRunTable {
  constructor(private readonly database: Database) {}

  /**
   * Begins a run, unless one runs in the same slot (`isNew: false` and its id), or the moment of the schedule it is for,
   * `dueAt` in ms since 1970, has had its run (`undefined`); of a recovery, the epoch `dueAt` one that has not failed.
   */
  async begin(kind: RunKind, dueAt?: number): Promise<{ runId: string; isNew: boolean } | undefined> {
    const slot = SLOTS[kind];
    await this.database.query(
      `UPDATE sync_run SET status = 'failed', reason = ?, slot = NULL, ended_at = heartbeat_at, ${LEAVE_DUE}
       WHERE slot = ? AND heartbeat_at < UTC_TIMESTAMP(3) - INTERVAL ? SECOND`,
      [GONE, slot, SILENT_SECONDS],
    );
    const runId = await this.insert(kind, slot, dueAt);
    if (runId !== undefined) return { runId, isNew: true };
    const running = await this.running(kind);
    if (running !== undefined) return { runId: running, isNew: false };
    // The one in the way has just ended.
    return dueAt === undefined ? this.begin(kind) : undefined;
  }

  /** The run that holds the slot of this kind now. */
  async running(kind: RunKind): Promise<string | undefined> {
    const [row] = await this.database.query<{ run_id: string }>(
      'SELECT run_id FROM sync_run WHERE slot = ? AND heartbeat_at >= UTC_TIMESTAMP(3) - INTERVAL ? SECOND',
      [SLOTS[kind], SILENT_SECONDS],
    );
    return row && String(row.run_id);
  }

  /** Says that the run is alive, and what it has done. `false`: it was taken for dead, another may run. */
  async beat(runId: string, counts: RunCounts): Promise<boolean> {
    return this.write(runId, counts, 'heartbeat_at = UTC_TIMESTAMP(3)', []);
  }

  /**
   * Records how the run ended, `agoMs` ago. One that was taken for dead meanwhile does not become a success; that it failed,
   * and why, is better known here.
   */
  async end(runId: string, counts: RunCounts, end: RunEnd): Promise<void> {
    const { status, reason, agoMs } = end;
    const endedAt = 'UTC_TIMESTAMP(3) - INTERVAL ? MICROSECOND';
    const isFailed = status === 'failed';
    const ended = `status = ?, reason = ?, slot = NULL, ended_at = ${endedAt}, heartbeat_at = ${endedAt}`;
    const set = isFailed ? `${ended}, ${LEAVE_DUE}` : ended;
    await this.write(runId, counts, set, [status, reason, agoMs * 1_000, agoMs * 1_000], isFailed ? [GONE] : []);
  }

  /**
   * Adds what single carts' syncs came to: each occasion has one line for every hour (the moment it is for), whichever
   * instance they ran on. All of them or none.
   */
  async record(tallies: ReadonlyMap<SyncOccasion, SyncTally>): Promise<void> {
    if (tallies.size === 0) return;
    const rows = [...tallies].map(([occasion, tally]) => [
      occasion,
      ...[tally.carts, tally.failures, tally.written, tally.softDeleted, tally.drift],
    ]);
    const values = `(?, ${THIS_HOUR}, 'succeeded', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), ?, ?, ?, ?, ?)`;
    const places = rows.map(() => values).join(', ');
    await this.database.query(
      `INSERT INTO sync_run (kind, due_at, status, started_at, heartbeat_at, ended_at, carts, failures, written,
         soft_deleted, drift)
       VALUES ${places}
       ON DUPLICATE KEY UPDATE heartbeat_at = VALUES(heartbeat_at), ended_at = VALUES(ended_at),
         carts = carts + VALUES(carts), failures = failures + VALUES(failures), written = written + VALUES(written),
         soft_deleted = soft_deleted + VALUES(soft_deleted), drift = drift + VALUES(drift)`,
      rows.flat(),
    );
  }

  /** Newest first, at most 50, below an id. */
  async page(before?: string): Promise<{ runs: SyncRun[]; next: string | null }> {
    const where = before === undefined ? '' : 'WHERE run_id < ?';
    const found = await this.database.query<RawRun>(
      `SELECT run_id, kind, status, reason, started_at, carts, failures, written, soft_deleted, drift,
         status = 'running' AND heartbeat_at < UTC_TIMESTAMP(3) - INTERVAL ? SECOND AS is_silent,
         TIMESTAMPDIFF(MICROSECOND, started_at, COALESCE(ended_at,
           IF(heartbeat_at < UTC_TIMESTAMP(3) - INTERVAL ? SECOND, heartbeat_at, UTC_TIMESTAMP(3)))) DIV 1000
           AS duration_ms
       FROM sync_run ${where} ORDER BY run_id DESC LIMIT ?`,
      [SILENT_SECONDS, SILENT_SECONDS, ...(before === undefined ? [] : [before]), PAGE + 1],
    );
    const runs = found.slice(0, PAGE).map(toRun);
    return { runs, next: found.length > PAGE ? runs.at(-1)!.runId : null };
  }

  /** How long ago, in ms, the latest run began that has looked at every cart active before it; `undefined`: none yet. */
  async sinceLastSuccess(): Promise<number | undefined> {
    const [row] = await this.database.query<{ ms: string | null }>(
      `SELECT TIMESTAMPDIFF(MICROSECOND, MAX(started_at), UTC_TIMESTAMP(3)) DIV 1000 AS ms FROM sync_run
       WHERE kind IN ('hourly', 'daily', 'manual') AND status = 'succeeded'`,
    );
    return row?.ms ? Number(row.ms) : undefined;
  }

  private async insert(kind: RunKind, slot: string, dueAt: number | undefined): Promise<string | undefined> {
    try {
      return await this.database.transaction(async (query) => {
        await query(
          `INSERT INTO sync_run (kind, slot, due_at, status, started_at, heartbeat_at)
           VALUES (?, ?, ?, 'running', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
          [kind, slot, dueAt === undefined ? null : toDateTime(dueAt)],
        );
        const [row] = await query<{ run_id: string }>('SELECT run_id FROM sync_run WHERE slot = ?', [slot]);
        return String(row!.run_id);
      });
    } catch (error) {
      if ((error as { errno?: number }).errno !== DUPLICATE) throw error;
      return undefined;
    }
  }

  /** `reasons`: also when it has ended for one of these. */
  private async write(
    runId: string,
    counts: RunCounts,
    set: string,
    values: readonly unknown[],
    reasons: readonly string[] = [],
  ): Promise<boolean> {
    const where = ['slot IS NOT NULL', ...reasons.map(() => 'reason = ?')].join(' OR ');
    const result = (await this.database.query(
      `UPDATE sync_run SET ${set}, carts = ?, failures = ?, written = ?, soft_deleted = ?, drift = ?
       WHERE run_id = ? AND (${where})`,
      [...values, counts.carts, counts.failures, counts.written, counts.softDeleted, counts.drift, runId, ...reasons],
    )) as unknown as { affectedRows: number };
    return result.affectedRows > 0;
  }
}

function toRun(raw: RawRun): SyncRun {
  const isGone = Number(raw.is_silent) === 1;
  return {
    runId: String(raw.run_id),
    kind: raw.kind,
    status: isGone ? 'failed' : raw.status,
    reason: isGone ? GONE : raw.reason,
    startedAt: fromDateTime(raw.started_at),
    durationMs: Math.max(0, Number(raw.duration_ms)),
    carts: Number(raw.carts),
    failures: Number(raw.failures),
    written: Number(raw.written),
    softDeleted: Number(raw.soft_deleted),
    drift: Number(raw.drift),
  };
}
