import { Injectable } from '@nestjs/common';
import { Metrics } from '@app/common';
import { Gauge } from 'prom-client';
import { OverflowStore } from './overflow.store.js';

/** What an operator watches of a full outbox. */
@Injectable()
export class OverflowMetrics {
  /** As MySQL has it. */
  readonly gaps: Gauge;

  constructor({ registry }: Metrics, overflow: OverflowStore) {
    const registers = [registry];
    this.gaps = new Gauge({
      name: 'cart_change_log_gaps',
      help: 'Lines the change log lacks, because the outbox was full',
      registers,
    });
    new Gauge({
      name: 'cart_outbox_dirty_carts',
      help: 'Carts that were changed while the outbox was full, and wait for their comparison with MySQL',
      registers,
      // Redis may be away while the metrics are read; the gauge then keeps its last value.
      async collect() {
        const count = await overflow.count().catch(() => undefined);
        if (count !== undefined) this.set(count);
      },
    });
  }
}
