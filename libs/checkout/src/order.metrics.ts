import { Injectable } from '@nestjs/common';
import { Metrics } from '@app/common';
import { Database } from '@app/database';
import { Gauge } from 'prom-client';

/** What an order waits for, and since when. */
const STEPS = {
  take: "SELECT MIN(created_at) AS since FROM orders WHERE cart_state = 'take'",
  return: "SELECT MIN(closed_at) AS since FROM orders WHERE cart_state IN ('return', 'restore')",
  expire: "SELECT MIN(expires_at) AS since FROM orders WHERE status = 'pending' AND expires_at <= UTC_TIMESTAMP(3)",
  place: "SELECT MIN(created_at) AS since FROM orders WHERE status = 'placing'",
};
const OLDEST = Object.entries(STEPS)
  .map(
    ([step, since]) =>
      `SELECT '${step}' AS step, TIMESTAMPDIFF(MICROSECOND, since, UTC_TIMESTAMP(3)) AS age FROM (${since}) AS ${step}_due`,
  )
  .join(' UNION ALL ');

/** What an operator watches of the orders: how long the oldest of each step has waited, whoever is to make it. */
@Injectable()
export class OrderMetrics {
  constructor({ registry }: Metrics, database: Database) {
    new Gauge({
      name: 'cart_order_step_oldest_age_seconds',
      help: 'Since when the oldest order waits to leave the cart, to come back, to expire or to be placed; 0: none',
      labelNames: ['step'],
      registers: [registry],
      // MySQL may be away while the metrics are read; the gauge then keeps its last values.
      async collect() {
        const rows = await database.query<{ step: string; age: string | null }>(OLDEST).catch(() => []);
        for (const { step, age } of rows) this.set({ step }, Math.max(0, Number(age ?? 0)) / 1_000_000);
      },
    });
  }
}
