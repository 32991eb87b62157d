import { BeforeApplicationShutdown, Injectable, Logger, OnApplicationBootstrap } from '@nestjs/common';
import { CartSyncs } from '@app/cart';
import { SyncRunTable } from './sync-run.table.js';

const EVERY_MS = 5_000;
const STOP_MS = 1_000;

/**
 * Puts the syncs of single carts (login, logout, checkout, by hand) into the list of runs, every few seconds and as one
 * line an hour for each occasion: a line per shopper would bury the runs, and cost every login a statement. A `kill -9`
 * loses the counts of its last seconds.
 */
@Injectable()
export class OccasionRecorder implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(OccasionRecorder.name);
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly syncs: CartSyncs,
    private readonly table: SyncRunTable,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.record(), EVERY_MS).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await Promise.race([this.record(), new Promise((resolve) => setTimeout(resolve, STOP_MS).unref())]);
  }

  /** Without MySQL the counts wait for the next time. */
  async record(): Promise<void> {
    const tallies = this.syncs.take();
    try {
      await this.table.record(tallies);
    } catch (error) {
      this.syncs.giveBack(tallies);
      this.logger.warn(`the syncs of single carts are not recorded: ${(error as Error).message}`);
    }
  }
}
