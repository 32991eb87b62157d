import { setTimeout as delay } from 'node:timers/promises';
import { BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Epochs } from '../epochs.js';
import { Reconciler } from './reconciler.js';

const RETRY_MS = { first: 1_000, most: 30_000 };

/**
 * Starts one comparison of all loaded carts for each epoch of Redis. Every instance that learns of an epoch tries, until
 * the epoch has had a run that did not fail: whoever began it may die, and MySQL or Redis may be away.
 */
@Injectable()
export class Recovery implements BeforeApplicationShutdown {
  private readonly logger = new Logger(Recovery.name);
  private readonly stopping = new AbortController();
  private latest = 0;

  constructor(
    private readonly epochs: Epochs,
    private readonly reconciler: Reconciler,
  ) {
    epochs.onChange((epoch) => void this.recover(epoch));
  }

  beforeApplicationShutdown(): void {
    this.stopping.abort();
  }

  private async recover(epoch: number): Promise<void> {
    this.latest = epoch;
    let pause = RETRY_MS.first;
    while (this.latest === epoch && !this.stopping.signal.aborted) {
      try {
        // Without Redis each of its runs would fail.
        await this.epochs.current();
        // Asked twice: a run of the epoch before that ends just now looks the same once.
        if ((await this.hadItsRun(epoch)) && (await this.hadItsRun(epoch))) return;
      } catch (error) {
        this.logger.warn(`the recovery of epoch ${epoch} could not begin: ${(error as Error).message}`);
      }
      await delay(pause, undefined, { signal: this.stopping.signal, ref: false }).catch(() => undefined);
      pause = Math.min(2 * pause, RETRY_MS.most);
    }
  }

  private async hadItsRun(epoch: number): Promise<boolean> {
    return (await this.reconciler.startRecovery(epoch)) === undefined;
  }
}
