import { AppError } from '@app/common';

/** When a request is answered at the latest, on a clock that is never set. */
export class Deadline {
  private readonly at: number;
  /** A timer may fire a little early by the clock: what it has answered is over all the same. */
  private isOver = false;

  constructor(private readonly ms: number) {
    this.at = performance.now() + ms;
  }

  /** Milliseconds until then, of `most` at most. */
  left(most = Infinity): number {
    return this.isOver ? 0 : Math.max(0, Math.min(most, this.at - performance.now()));
  }

  /** Nothing must be committed that was answered otherwise. */
  assertOpen(): void {
    if (this.left() === 0) throw this.over();
  }

  /** What the work comes to, or the refusal of the deadline; the work goes on then, and must end by itself. */
  async race<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.isOver = true;
        reject(this.over());
      }, this.left());
    });
    try {
      return await Promise.race([work, over]);
    } finally {
      clearTimeout(timer);
      work.catch(() => undefined);
    }
  }

  private over(): AppError {
    return new AppError('CART_UNAVAILABLE', [], `Nothing came of it within ${this.ms} ms`, { retryAfter: 1 });
  }
}
