import { computed, ref, shallowRef } from 'vue';
import { readiness } from '../api/client.js';
import { desk, type Lag, type Outbox, type Readiness } from '../api/desk.js';
import { toProblem, type ProblemError } from '../api/problem.js';
import type { Point } from '../lib/chart.js';

export const KEPT_MINUTES = 10;
export const EVERY_MS = 2_000;

interface Sample {
  at: number;
  outbox: Outbox;
  lag: Lag;
}

/** What the desk has seen since it was opened; it goes on while another view is looked at. */
const samples = shallowRef<readonly Sample[]>([]);
const health = shallowRef<Readiness>();
const problem = shallowRef<ProblemError>();
const seenAt = ref(0);

function pointsOf(value: (sample: Sample) => number | null) {
  return computed<Point[]>(() => samples.value.map((sample) => ({ at: sample.at, value: value(sample) })));
}

export const flow = {
  health,
  problem,
  seenAt,
  latest: computed(() => samples.value.at(-1)),
  depth: pointsOf(({ outbox }) => outbox.depth),
  age: pointsOf(({ outbox }) => outbox.oldestAgeMs),
  p50: pointsOf(({ lag }) => lag.p50Ms),
  p99: pointsOf(({ lag }) => lag.p99Ms),

  /** One look at all of it. While a part is away the rest is shown. */
  async look(signal: AbortSignal): Promise<boolean> {
    health.value = await readiness<Readiness>(signal).catch(() => undefined);
    try {
      const [outbox, lag] = await Promise.all([desk.outbox(signal), desk.lag(signal)]);
      const at = Date.now();
      const oldest = at - KEPT_MINUTES * 60_000;
      samples.value = [...samples.value.filter((sample) => sample.at >= oldest), { at, outbox, lag }];
      seenAt.value = at;
      problem.value = undefined;
      return true;
    } catch (error) {
      if (!signal.aborted) problem.value = toProblem(error);
      return false;
    }
  },
};
