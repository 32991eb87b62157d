import { Injectable } from '@nestjs/common';
import { Metrics } from '@app/common';
import { LockCounters, LockService } from '@app/redis';
import { Counter } from 'prom-client';

const HELP: Record<keyof LockCounters, string> = {
  acquired: 'Grants by the lock nodes',
  joined: 'Callers let in under a grant this process held',
  busy: 'Callers refused because the wait ran out',
  unreachable: 'Callers let in without a lock because too few lock nodes answered',
  expiredGrant: 'Grants that had run out when they came',
  lateRelease: 'Locks that ran out before they were given back',
  lostRelease: 'Releases that did not reach the lock nodes',
};

/** What the locks did, as counters. */
@Injectable()
export class LockMetrics {
  constructor({ registry }: Metrics, { counters }: LockService) {
    for (const name of Object.keys(HELP) as (keyof LockCounters)[]) {
      new Counter({
        name: `cart_lock_${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_total`,
        help: HELP[name],
        registers: [registry],
        collect() {
          this.reset();
          this.inc(counters[name]);
        },
      });
    }
  }
}
