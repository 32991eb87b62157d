import { BeforeApplicationShutdown, Injectable, Logger, OnApplicationBootstrap } from '@nestjs/common';
import { RepeatedWarning } from '@app/common';
import { keys, RedisConnection } from '@app/redis';
import { Catalogue } from './catalogue.js';

const EVERY_MS = 15_000;
/** The first look goes back a day, which covers a crash; the later ones overlap each other. */
const FIRST_WINDOW_SECONDS = 24 * 60 * 60;
const WINDOW_SECONDS = 120;
const STOP_MS = 2_000;

/**
 * Keeps the copies of the catalogue in Redis right when a process died, or Redis was away, between a commit and its
 * sharing, or came back with an old file: each life of a server has all its copies shared anew once. They live without
 * end, for carts are shown while MySQL is away. Copies carry the version of their row, so that sharing again is harmless.
 */
@Injectable()
export class CatalogueSharer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly trouble = new RepeatedWarning(new Logger(CatalogueSharer.name), 'catalogue not shared');
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private sharing: Promise<void> = Promise.resolve();
  private sharedAt: number | undefined;
  private mayBeAnotherServer = true;

  constructor(
    private readonly catalogue: Catalogue,
    private readonly redis: RedisConnection,
  ) {}

  onApplicationBootstrap(): void {
    this.schedule(0);
    // What could not be shared while Redis was away.
    this.redis.onReady(() => {
      this.mayBeAnotherServer = true;
      this.schedule(0);
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    clearTimeout(this.timer);
    await Promise.race([this.sharing, new Promise((resolve) => setTimeout(resolve, STOP_MS).unref())]);
  }

  private schedule(ms: number): void {
    clearTimeout(this.timer);
    if (this.stopping.signal.aborted) return;
    this.timer = setTimeout(() => {
      this.sharing = this.sharing.then(() => this.share());
    }, ms).unref();
  }

  /** One look after the other. A failed one leaves its window to the next. */
  private async share(): Promise<void> {
    const now = Date.now();
    const since = this.sharedAt === undefined ? FIRST_WINDOW_SECONDS : Math.ceil((now - this.sharedAt) / 1000);
    try {
      await this.catalogue.shareChangedSince(since + WINDOW_SECONDS, this.stopping.signal);
      this.sharedAt = now;
      if (this.mayBeAnotherServer) await this.shareWithAnother();
      this.trouble.worked();
    } catch (error) {
      this.trouble.failed((error as Error).message);
    }
    this.schedule(EVERY_MS);
  }

  /** The mark is of the server that was looked after: an old file brings an old mark back with its copies. */
  private async shareWithAnother(): Promise<void> {
    // First, for a new connection meanwhile says it anew.
    this.mayBeAnotherServer = false;
    try {
      const runId = await this.redis.runId();
      if ((await this.redis.command(['GET', keys.skusServer])) === runId) return;
      await this.catalogue.shareAllAgain(this.stopping.signal);
      if (!this.stopping.signal.aborted) await this.redis.command(['SET', keys.skusServer, runId]);
    } catch (error) {
      this.mayBeAnotherServer = true;
      throw error;
    }
  }
}
