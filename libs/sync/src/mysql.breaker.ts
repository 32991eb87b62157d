import { setTimeout as delay } from 'node:timers/promises';
import { BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Database, DatabaseUnavailableError } from '@app/database';
import type { RocketmqContext } from '@app/rocketmq';
import { SyncMetrics } from './sync.metrics.js';

/** Pauses before MySQL is asked whether it is back. */
const PROBE_MS = { first: 250, most: 5_000 };
/** So often in a row work may fail although MySQL answers: then it is the work, and must not hold up the rest. */
const MOST_FAILURES = 5;

/**
 * Stops the consumer while MySQL is away. The message at hand is held, nothing more is received, and MySQL is asked
 * until it answers: an outage costs none of the attempts the broker grants a message, however long it lasts.
 */
@Injectable()
export class MysqlBreaker implements BeforeApplicationShutdown {
  private readonly logger = new Logger(MysqlBreaker.name);
  private readonly stopping = new AbortController();
  private recovery: Promise<void> | undefined;
  /** In a row. */
  private failures = 0;

  constructor(
    private readonly database: Database,
    private readonly metrics: SyncMetrics,
  ) {}

  /** What is held at the end of the process is given back by the transport. */
  beforeApplicationShutdown(): void {
    this.stopping.abort();
  }

  /** Does what a message asks for; has the message held when MySQL was away. Throws as the work does. */
  async run(context: RocketmqContext, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.failures = 0;
    } catch (error) {
      if (error instanceof DatabaseUnavailableError) this.hold(context);
      throw error;
    }
  }

  private hold(context: RocketmqContext): void {
    this.failures += 1;
    if (this.failures > MOST_FAILURES) this.failures = 0;
    else context.holdUntil((this.recovery ??= this.untilItAnswers().finally(() => (this.recovery = undefined))));
  }

  private async untilItAnswers(): Promise<void> {
    this.logger.warn('MySQL is away: nothing is received until it answers');
    this.metrics.pauses.inc();
    this.metrics.paused.set(1);
    let pause = Math.min(PROBE_MS.first * 2 ** this.failures, PROBE_MS.most);
    do {
      await delay(pause, undefined, { signal: this.stopping.signal, ref: false }).catch(() => undefined);
      pause = Math.min(2 * pause, PROBE_MS.most);
    } while (!this.stopping.signal.aborted && !(await this.answers()));
    this.metrics.paused.set(0);
    // At the end of the process nobody is to try again: the transport lets go of what it holds.
    if (this.stopping.signal.aborted) await new Promise(() => undefined);
    this.logger.log('MySQL answers: receiving goes on');
  }

  private async answers(): Promise<boolean> {
    return this.database.ping().then(
      () => true,
      () => false,
    );
  }
}
