import { Injectable } from '@nestjs/common';
import { Metrics } from '@app/common';
import { Counter, Gauge } from 'prom-client';
import { ShopperEventTable } from './shopper-event.table.js';
import { SkuSignalTable } from './sku-signal.table.js';

/** What an operator watches of the events of shoppers. */
@Injectable()
export class ShopperEventsMetrics {
  readonly sent: Counter;

  constructor({ registry }: Metrics, events: ShopperEventTable, signals: SkuSignalTable) {
    const registers = [registry];
    this.sent = new Counter({
      name: 'cart_shopper_events_sent_total',
      help: 'Events of shoppers the broker has taken from this process',
      labelNames: ['type'],
      registers,
    });
    const oldest = new Gauge({
      name: 'cart_shopper_events_oldest_age_seconds',
      help: 'Age of the oldest event of a shopper the broker has not taken',
      registers,
    });
    new Gauge({
      name: 'cart_shopper_events_unsent',
      help: 'Events of shoppers the broker has not taken yet, at most 100,000',
      registers,
      // MySQL may be away while the metrics are read; the gauges then keep their last values.
      async collect() {
        const backlog = await events.backlog().catch(() => undefined);
        if (!backlog) return;
        this.set(backlog.depth);
        oldest.set(backlog.oldestAgeMs / 1000);
      },
    });
    new Gauge({
      name: 'cart_sku_signals',
      help: 'SKUs whose holders are still to be told of a lower price or of their return',
      registers,
      async collect() {
        const count = await signals.count().catch(() => undefined);
        if (count !== undefined) this.set(count);
      },
    });
  }
}
