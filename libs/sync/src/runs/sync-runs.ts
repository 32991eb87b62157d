import { setTimeout as delay } from 'node:timers/promises';
import { BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { RepeatedWarning } from '@app/common';
import { DatabaseUnavailableError } from '@app/database';
import { RedisUnavailableError } from '@app/redis';
import { SyncRunsMetrics } from './sync-runs.metrics.js';
import { RunCounts, RunKind, RunStatus, SyncRunTable } from './sync-run.table.js';

/** A run under way: its work counts what it does, and ends when the signal says so. */
export interface Run {
  readonly counts: RunCounts;
  readonly signal: AbortSignal;
}

const BEAT_MS = 5_000;
const STOP_MS = 3_000;
/** Pauses between the attempts to record an end. */
const RECORD_MS = { first: 500, most: 5_000 };

/** Why a run was ended from outside. */
class Ended extends Error {}

/** Runs work that goes over many carts: one at a time over all instances, recorded from its start to its end. */
@Injectable()
export class SyncRuns implements BeforeApplicationShutdown {
  private readonly logger = new Logger(SyncRuns.name);
  private readonly stopping = new AbortController();
  private readonly running = new Set<Promise<void>>();

  constructor(
    private readonly table: SyncRunTable,
    private readonly metrics: SyncRunsMetrics,
  ) {}

  /**
   * Begins a run and returns its id, while the work goes on; of one that runs already the id of that. `undefined`: the
   * moment of the schedule (`dueAt`, ms since 1970) has had its run. Throws when MySQL is away: nothing is begun then.
   */
  async start(kind: RunKind, work: (run: Run) => Promise<void>, dueAt?: number): Promise<string | undefined> {
    const begun = await this.table.begin(kind, dueAt);
    if (begun?.isNew) {
      const execution = this.execute(begun.runId, kind, work).finally(() => this.running.delete(execution));
      this.running.add(execution);
    }
    return begun?.runId;
  }

  /** Returns when the runs of this process have ended. */
  async idle(): Promise<void> {
    await Promise.all(this.running);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort(new Ended('the process stopped'));
    await Promise.race([this.idle(), delay(STOP_MS, undefined, { ref: false })]);
  }

  private async execute(runId: string, kind: RunKind, work: (run: Run) => Promise<void>): Promise<void> {
    const counts: RunCounts = { carts: 0, failures: 0, written: 0, softDeleted: 0, drift: 0 };
    const lost = new AbortController();
    const signal = AbortSignal.any([this.stopping.signal, lost.signal]);
    const began = performance.now();
    const beat = setInterval(() => void this.beat(runId, counts, lost), BEAT_MS).unref();
    let [status, reason]: [RunStatus, string | null] = ['succeeded', null];
    try {
      await work({ counts, signal });
      signal.throwIfAborted();
    } catch (error) {
      [status, reason] = ['failed', this.reasonOf(error)];
    }
    clearInterval(beat);
    const endedAt = performance.now();
    this.metrics.observe(kind, status, endedAt - began, counts);
    this.logger.log({ msg: `a ${kind} run has ${status}`, runId, reason, ...counts });
    await this.recordEnd((agoMs) => this.table.end(runId, counts, { status, reason, agoMs }), runId, endedAt);
  }

  /** A beat that does not reach MySQL is no reason to end: the work will notice by itself. */
  private async beat(runId: string, counts: RunCounts, lost: AbortController): Promise<void> {
    try {
      if (!(await this.table.beat(runId, counts)))
        lost.abort(new Ended('no heartbeat of it came to MySQL for a minute'));
    } catch (error) {
      this.logger.warn(`no heartbeat of run ${runId}: ${(error as Error).message}`);
    }
  }

  /** However long MySQL is away: until then the run looks like one whose process is gone. */
  private async recordEnd(record: (agoMs: number) => Promise<void>, runId: string, endedAt: number): Promise<void> {
    const trouble = new RepeatedWarning(this.logger, `the end of run ${runId} is not recorded`);
    for (let pause = RECORD_MS.first; ; pause = Math.min(2 * pause, RECORD_MS.most)) {
      try {
        await record(Math.round(performance.now() - endedAt));
        return trouble.worked();
      } catch (error) {
        trouble.failed((error as Error).message);
        if (this.stopping.signal.aborted) return;
        await delay(pause, undefined, { signal: this.stopping.signal, ref: false }).catch(() => undefined);
      }
    }
  }

  /** What an operator is told: never the text of a driver's error, which names hosts. */
  private reasonOf(error: unknown): string {
    if (error instanceof Ended) return error.message;
    if (error instanceof DatabaseUnavailableError) return 'MySQL is not reachable';
    if (error instanceof RedisUnavailableError) return 'Redis is not reachable';
    this.logger.error({ msg: 'a run has failed unexpectedly', err: error });
    return 'an unexpected fault; the log has it';
  }
}
