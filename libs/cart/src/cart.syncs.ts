import { Injectable } from '@nestjs/common';
import { Metrics } from '@app/common';
import { Counter, Histogram } from 'prom-client';

/** When one cart is written to MySQL at once, beside the queue that brings every change. */
export const SYNC_OCCASIONS = ['login', 'logout', 'checkout', 'forced'] as const;
export type SyncOccasion = (typeof SYNC_OCCASIONS)[number];

/** What a sync of one cart did: rows, and differences that were no changes on their way. */
export interface CartSynced {
  written: number;
  softDeleted: number;
  drift: number;
}

export interface SyncTally extends CartSynced {
  carts: number;
  failures: number;
}

/**
 * Counts what single carts' syncs come to. A shopper waits for each of them, so it costs no statement of its own: it is
 * on the metrics page at once, and in the list of runs as one line for all of an hour.
 */
@Injectable()
export class CartSyncs {
  private tallies = new Map<SyncOccasion, SyncTally>();
  private readonly syncs: Counter;
  private readonly rows: Counter;
  private readonly drift: Counter;
  private readonly seconds: Histogram;

  constructor({ registry }: Metrics) {
    const registers = [registry];
    const counter = (name: string, help: string, ...more: string[]) =>
      new Counter({ name, help, labelNames: ['occasion', ...more], registers });
    this.syncs = counter('cart_syncs_total', 'Single carts that were written to MySQL at once', 'outcome');
    this.rows = counter('cart_sync_rows_total', 'Rows such syncs have written');
    this.drift = counter('cart_syncs_drift_total', 'Differences they found that no change on its way explains');
    this.seconds = new Histogram({
      name: 'cart_sync_seconds',
      help: 'How long the sync of a single cart took',
      labelNames: ['occasion'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    });
  }

  /** Does the work, and counts it. */
  async measure<T extends CartSynced>(occasion: SyncOccasion, work: () => Promise<T>): Promise<T> {
    const end = this.seconds.startTimer({ occasion });
    try {
      const result = await work();
      this.count(occasion, result);
      return result;
    } catch (error) {
      this.count(occasion, undefined);
      throw error;
    } finally {
      end();
    }
  }

  /** What was counted since the last call, by occasion; those without a sync are left out. */
  take(): Map<SyncOccasion, SyncTally> {
    const taken = this.tallies;
    this.tallies = new Map();
    return taken;
  }

  /** Counts again what could not be recorded. */
  giveBack(tallies: ReadonlyMap<SyncOccasion, SyncTally>): void {
    for (const [occasion, tally] of tallies) this.add(occasion, tally);
  }

  private count(occasion: SyncOccasion, done: CartSynced | undefined): void {
    const { written = 0, softDeleted = 0, drift = 0 } = done ?? {};
    this.syncs.inc({ occasion, outcome: done ? 'written' : 'failed' });
    this.rows.inc({ occasion }, written + softDeleted);
    this.drift.inc({ occasion }, drift);
    this.add(occasion, { written, softDeleted, drift, carts: done ? 1 : 0, failures: done ? 0 : 1 });
  }

  private add(occasion: SyncOccasion, { carts, failures, written, softDeleted, drift }: SyncTally): void {
    const tally = this.tallies.get(occasion) ?? { carts: 0, failures: 0, written: 0, softDeleted: 0, drift: 0 };
    tally.carts += carts;
    tally.failures += failures;
    tally.written += written;
    tally.softDeleted += softDeleted;
    tally.drift += drift;
    this.tallies.set(occasion, tally);
  }
}
