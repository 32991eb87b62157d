import { Injectable } from '@nestjs/common';
import { Metrics } from '@app/common';
import { Counter, Gauge, Histogram } from 'prom-client';
import { LagSummary, LagWindow } from './lag.window.js';
import { OutboxStore } from './outbox.store.js';

type Backlog = Awaited<ReturnType<OutboxStore['backlog']>>;

/** What an operator watches of the way from Redis to MySQL. */
@Injectable()
export class SyncMetrics {
  readonly relayed: Counter;
  readonly deadLetters: Counter;
  /** 1 while nothing is received because MySQL is away. */
  readonly paused: Gauge;
  readonly pauses: Counter;
  private readonly lag: Histogram;
  private readonly lately = new LagWindow();

  constructor({ registry }: Metrics, outbox: OutboxStore) {
    const registers = [registry];
    this.relayed = new Counter({
      name: 'cart_outbox_relayed_total',
      help: 'Changes of carts the broker has taken',
      registers,
    });
    this.deadLetters = new Counter({
      name: 'cart_dead_letters_total',
      help: 'Events that could not be applied, kept in dead_letter',
      registers,
    });
    this.paused = new Gauge({
      name: 'cart_consumer_paused',
      help: '1 while nothing is received because MySQL is away',
      registers,
    });
    this.pauses = new Counter({
      name: 'cart_consumer_pauses_total',
      help: 'How often receiving has stopped because MySQL was away',
      registers,
    });
    this.lag = new Histogram({
      name: 'cart_sync_lag_seconds',
      help: 'From the change in Redis to the commit in MySQL',
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300],
      registers,
    });
    // Redis may be away while the metrics are read; a gauge then keeps its last value. Each asks for itself: what another
    // one sets is only told at the next reading.
    const gauge = (name: string, help: string, valueOf: (backlog: Backlog) => number) =>
      new Gauge({
        name,
        help,
        registers,
        async collect() {
          const backlog = await outbox.backlog().catch(() => undefined);
          if (backlog) this.set(valueOf(backlog));
        },
      });
    gauge('cart_outbox_depth', 'Changes of carts the broker has not taken yet', ({ depth }) => depth);
    gauge(
      'cart_outbox_oldest_age_seconds',
      'Age of the oldest change the broker has not taken',
      ({ oldestAgeMs }) => oldestAgeMs / 1000,
    );
  }

  /** A change reached MySQL: `ms` after it was made in Redis, whose clock may be ahead of ours. */
  observeLag(ms: number): void {
    const lag = Math.max(0, ms);
    this.lag.observe(lag / 1000);
    this.lately.observe(lag, Date.now());
  }

  /** Of the changes this process has brought to MySQL in the last minute. */
  recentLag(): LagSummary {
    return this.lately.read(Date.now());
  }
}
