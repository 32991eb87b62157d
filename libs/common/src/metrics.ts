import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics } from 'prom-client';
import { CalmRegistry } from './calm-registry.js';

/** The metrics of this process; each lib registers its own. */
@Injectable()
export class Metrics {
  readonly registry = new CalmRegistry();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }
}
