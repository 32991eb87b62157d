import { type Metric, Registry } from 'prom-client';
import { held } from './held.js';

/** What a collector found holds for so long, ms. */
const HOLDS_MS = 1_000;

type Collector = (this: unknown) => unknown;

/**
 * Asks collectors that look elsewhere, in MySQL or Redis, once a second at most, and one at a time: /metrics costs the
 * parts the same however often it is read. A collector that has its answer at hand is asked each time.
 */
export class CalmRegistry extends Registry {
  override registerMetric<T extends string>(metric: Metric<T>): void {
    const collecting = metric as { collect?: Collector };
    if (collecting.collect) collecting.collect = calm(collecting.collect);
    super.registerMetric(metric);
  }
}

function calm(collect: Collector): Collector {
  let latest: (() => Promise<unknown>) | undefined;
  return function (this: unknown) {
    if (latest) return latest();
    const first = collect.call(this);
    if (!(first instanceof Promise)) return first;
    // From its first answer on it is known to look elsewhere.
    let next: Promise<unknown> | undefined = first;
    latest = held(HOLDS_MS, () => {
      const answer = next ?? (collect.call(this) as Promise<unknown>);
      next = undefined;
      return answer;
    });
    return latest();
  };
}
