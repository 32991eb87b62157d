/** A bounded number of places, and a bounded queue before them in which nobody waits long. */
export class Slots {
  private readonly waiting = new Set<() => void>();

  constructor(
    private free: number,
    private readonly maxWaiting: number,
    private readonly waitMs: number,
  ) {}

  /** `true`: there is a place, give it back with {@link leave}. `false`: none became free in time. */
  enter(waitMs = this.waitMs): Promise<boolean> {
    if (this.free > 0) {
      this.free -= 1;
      return Promise.resolve(true);
    }
    if (this.waiting.size >= this.maxWaiting) return Promise.resolve(false);
    return new Promise((resolve) => {
      const take = () => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        this.waiting.delete(take);
        resolve(false);
      }, waitMs);
      this.waiting.add(take);
    });
  }

  /** The place goes to whoever has waited longest. */
  leave(): void {
    const [next] = this.waiting;
    if (!next) {
      this.free += 1;
      return;
    }
    this.waiting.delete(next);
    next();
  }
}
