/** How late changes reached MySQL lately, ms; `null` where there was no change. */
export interface LagSummary {
  changes: number;
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
  mostMs: number | null;
}

export const LAG_WINDOW_MS = 60_000;
const SLOTS = 12;
const SLOT_MS = LAG_WINDOW_MS / SLOTS;
/** Each bucket is 5 % wider than the one before, so a quantile is at most 5 % too high; the last one begins at 10 minutes. */
const STEP = Math.log(1.05);
const BUCKETS = 1 + Math.ceil(Math.log(600_000) / STEP);

interface Slot {
  /** Which stretch of time it holds, counted from 1970. */
  number: number;
  counts: Uint32Array;
  most: number;
}

/**
 * The lags of the last minute, in a fixed few kilobytes. Beside the histogram for Prometheus, whose quantiles need a
 * server that stores it and are as coarse as its thirteen buckets.
 */
export class LagWindow {
  private readonly slots: Slot[] = Array.from({ length: SLOTS }, () => ({
    number: -1,
    counts: new Uint32Array(BUCKETS),
    most: 0,
  }));

  /** `now` in ms since 1970. */
  observe(ms: number, now: number): void {
    const slot = this.slotOf(Math.floor(now / SLOT_MS));
    slot.counts[bucketOf(ms)]! += 1;
    slot.most = Math.max(slot.most, ms);
  }

  read(now: number): LagSummary {
    const number = Math.floor(now / SLOT_MS);
    const recent = this.slots.filter((slot) => slot.number > number - SLOTS && slot.number <= number);
    const counts = Array.from({ length: BUCKETS }, (_, bucket) =>
      recent.reduce((sum, slot) => sum + slot.counts[bucket]!, 0),
    );
    const changes = counts.reduce((sum, count) => sum + count, 0);
    if (changes === 0) return { changes, p50Ms: null, p95Ms: null, p99Ms: null, mostMs: null };
    const most = Math.round(Math.max(...recent.map((slot) => slot.most)));
    const quantile = (share: number) => Math.min(most, upperEndOf(bucketAt(counts, Math.ceil(changes * share))));
    return { changes, p50Ms: quantile(0.5), p95Ms: quantile(0.95), p99Ms: quantile(0.99), mostMs: most };
  }

  private slotOf(number: number): Slot {
    const slot = this.slots[number % SLOTS]!;
    if (slot.number !== number) {
      slot.number = number;
      slot.counts.fill(0);
      slot.most = 0;
    }
    return slot;
  }
}

function bucketOf(ms: number): number {
  return Math.min(BUCKETS - 1, Math.ceil(Math.log(Math.max(1, ms)) / STEP));
}

function upperEndOf(bucket: number): number {
  return Math.round(Math.exp(bucket * STEP));
}

/** The bucket that holds the value of this rank, the first being 1. */
function bucketAt(counts: readonly number[], rank: number): number {
  let seen = 0;
  return counts.findIndex((count) => (seen += count) >= rank);
}
