import { BeforeApplicationShutdown, Injectable, Logger, OnApplicationBootstrap } from '@nestjs/common';
import { Catalogue } from './catalogue.js';

const EVERY_MS = 15_000;
/** The first look goes back a day, which covers a crash; the later ones overlap each other. */
const FIRST_WINDOW_SECONDS = 24 * 60 * 60;
const WINDOW_SECONDS = 120;

/**
 * Keeps the copies of the catalogue in Redis right when a process died, or Redis was away, between a commit and its
 * sharing. Copies carry the version of their row, so that sharing again is harmless.
 */
@Injectable()
export class CatalogueSharer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(CatalogueSharer.name);
  private timer: NodeJS.Timeout | undefined;
  private sharing: Promise<void> = Promise.resolve();
  private sharedAt: number | undefined;
  private isFailing = false;

  constructor(private readonly catalogue: Catalogue) {}

  onApplicationBootstrap(): void {
    this.schedule(0);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.sharing;
  }

  private schedule(ms: number): void {
    this.timer = setTimeout(() => {
      this.sharing = this.share();
    }, ms).unref();
  }

  /** One look after the other: a slow one is not joined by the next. A failed one leaves its window to the next. */
  private async share(): Promise<void> {
    const now = Date.now();
    const since = this.sharedAt === undefined ? FIRST_WINDOW_SECONDS : Math.ceil((now - this.sharedAt) / 1000);
    try {
      await this.catalogue.shareChangedSince(since + WINDOW_SECONDS);
      this.sharedAt = now;
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing) this.logger.warn(`catalogue not shared: ${(error as Error).message}`);
      this.isFailing = true;
    }
    if (this.timer) this.schedule(EVERY_MS);
  }
}
