import { Injectable } from '@nestjs/common';
import { Metrics } from '@app/common';
import { Gauge } from 'prom-client';
import { DeadLetterTable } from '../dead-letter.table.js';

/** How many dead letters wait, whoever kept them: the counter of each process forgets them at its end. */
@Injectable()
export class DeadLettersMetrics {
  constructor({ registry }: Metrics, table: DeadLetterTable) {
    new Gauge({
      name: 'cart_dead_letters_waiting',
      help: 'Events that could not be applied and wait for an operator',
      registers: [registry],
      // MySQL may be away while the metrics are read; the gauge then keeps its last value.
      async collect() {
        const waiting = await table.count().catch(() => undefined);
        if (waiting !== undefined) this.set(waiting);
      },
    });
  }
}
