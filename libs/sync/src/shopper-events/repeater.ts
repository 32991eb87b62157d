import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { RepeatedWarning } from '@app/common';

const BACKOFF_MS = { first: 500, most: 30_000 };
const STOP_MS = 3_000;

/**
 * Does a piece of work again and again: at once while it says that there is more (`true`), else after a pause, and ever
 * later while it fails.
 */
export class Repeater {
  private readonly stopping = new AbortController();
  private readonly trouble: RepeatedWarning;
  private running: Promise<void> = Promise.resolve();

  constructor(
    what: string,
    private readonly everyMs: number,
    private readonly work: (signal: AbortSignal) => Promise<boolean>,
    logger: Logger,
  ) {
    this.trouble = new RepeatedWarning(logger, what);
  }

  start(): void {
    this.running = this.run();
  }

  /** Ends after the piece under way, or without it when that takes long. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.race([this.running, delay(STOP_MS, undefined, { ref: false })]);
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    for (let failures = 0; !signal.aborted;) {
      let pause: number;
      try {
        pause = (await this.work(signal)) ? 0 : this.everyMs;
        failures = 0;
        this.trouble.worked();
      } catch (error) {
        this.trouble.failed((error as Error).message);
        pause = Math.min(BACKOFF_MS.first * 2 ** Math.min(failures++, 10), BACKOFF_MS.most);
      }
      await delay(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}
