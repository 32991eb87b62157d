import { Injectable } from '@nestjs/common';
import { Metrics } from '@app/common';
import { Gauge } from 'prom-client';
import { HealthService } from './health.service.js';

/** What /health/ready says of each part, for whoever is woken by Prometheus. */
@Injectable()
export class HealthMetrics {
  constructor({ registry }: Metrics, health: HealthService) {
    new Gauge({
      name: 'cart_part_up',
      help: '1: the part answers as it should; 0: it is away, or late',
      labelNames: ['part'],
      registers: [registry],
      async collect() {
        const { checks } = await health.readiness();
        for (const [part, state] of Object.entries(checks)) this.set({ part }, state === 'ok' ? 1 : 0);
      },
    });
  }
}
