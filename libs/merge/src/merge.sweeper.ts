import { BeforeApplicationShutdown, Injectable, Logger, OnApplicationBootstrap } from '@nestjs/common';
import { MergeStore } from '@app/cart';
import { Env, RepeatedWarning } from '@app/common';
import { Merger } from './merger.js';

const AT_ONCE = 50;
const STOP_MS = 2_000;
/** What failed is tried again after UNFINISHED_AFTER_MS; when nothing has failed for so long, the trouble is over, ms. */
const QUIET_MS = 60_000;

/**
 * Finishes the merges whose process died between two steps. Every instance looks; two that find the same merge do no
 * harm, for each step may be repeated.
 */
@Injectable()
export class MergeSweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(MergeSweeper.name);
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> = Promise.resolve();
  private isStopping = false;
  private readonly finishing = new RepeatedWarning(this.logger, 'a merge could not be finished', QUIET_MS);
  private readonly looking = new RepeatedWarning(this.logger, 'cannot look for unfinished merges');

  constructor(
    private readonly store: MergeStore,
    private readonly merger: Merger,
    private readonly env: Env,
  ) {}

  onApplicationBootstrap(): void {
    this.schedule();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    await Promise.race([this.sweeping, new Promise((resolve) => setTimeout(resolve, STOP_MS).unref())]);
  }

  /** Finishes what began at least so long ago; one that fails is left for a later look. Returns how many it finished. */
  async sweep(olderThanMs = this.env.UNFINISHED_AFTER_MS): Promise<number> {
    let finished = 0;
    for (const { guestId, userId } of await this.store.unfinished(olderThanMs, AT_ONCE)) {
      if (this.isStopping) break;
      try {
        if (userId === undefined) await this.store.postpone(guestId, undefined);
        else {
          await this.merger.finish(userId, guestId);
          finished += 1;
        }
      } catch (error) {
        this.finishing.failed((error as Error).message);
        await this.store.postpone(guestId, userId);
      }
    }
    this.finishing.worked();
    if (finished > 0) this.logger.log(`finished ${finished} merges that were left half done`);
    return finished;
  }

  private schedule(): void {
    if (this.isStopping) return;
    this.timer = setTimeout(() => {
      this.sweeping = this.sweepQuietly().finally(() => this.schedule());
    }, this.env.UNFINISHED_AFTER_MS / 2).unref();
  }

  /** While Redis is away there is nothing to find. */
  private async sweepQuietly(): Promise<void> {
    try {
      await this.sweep();
      this.looking.worked();
    } catch (error) {
      this.looking.failed((error as Error).message);
    }
  }
}
