import type { LoggerService } from '@nestjs/common';

/** Between two lines about the same trouble, ms: doubles from the first to the most. */
const AGAIN_MS = { first: 60_000, most: 3_600_000 };
/** So many different causes are told as soon as they come up; a cause may have a name in it that nobody else has. */
const CAUSES = 16;

/**
 * Tells of a trouble that comes again and again: each new cause at once, then ever more rarely with how often it came, and
 * at last that it is over.
 */
export class RepeatedWarning {
  private readonly causes = new Set<string>();
  private count = 0;
  private since = 0;
  private latest = 0;
  private nextAt = 0;
  private pause = AGAIN_MS.first;

  /**
   * `what` begins each line. `quietMs`: it is over when it has not come for so long, since what failed may not be tried
   * again at once; 0 = with the first success.
   */
  constructor(
    private readonly logger: Pick<LoggerService, 'log' | 'warn'>,
    private readonly what: string,
    private readonly quietMs = 0,
  ) {}

  /** It has failed, for this cause. */
  failed(cause: string): void {
    const now = Date.now();
    if (this.count === 0) this.begin(now);
    this.count += 1;
    this.latest = now;
    const isNew = !this.causes.has(cause) && this.causes.size < CAUSES;
    if (isNew) this.causes.add(cause);
    else if (now < this.nextAt) return;
    else this.pause = Math.min(2 * this.pause, AGAIN_MS.most);
    this.nextAt = now + this.pause;
    const soFar = this.count > 1 ? ` (${this.soFar(now)})` : '';
    this.logger.warn(`${this.what}: ${cause}${soFar}`);
  }

  /** It has worked, or there was nothing to do. */
  worked(): void {
    const now = Date.now();
    if (this.count === 0 || now - this.latest < this.quietMs) return;
    this.logger.log(`over: ${this.what} (${this.soFar(this.latest)})`);
    this.count = 0;
  }

  private begin(now: number): void {
    this.causes.clear();
    this.since = now;
    this.pause = AGAIN_MS.first;
  }

  private soFar(until: number): string {
    return `${this.count} times in ${Math.round((until - this.since) / 1000)} s`;
  }
}
