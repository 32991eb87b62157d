import { LockCounters } from './lock.service.js';
import { RedlockClient } from './redlock-client.js';

interface Taken {
  name: string;
  token: string;
  onAnswered: () => void;
}

/** Of one command at most. */
const MOST_AT_ONCE = 256;

/**
 * Gives back the locks that scripts have taken. Those of one turn of the event loop share one command: 50 requests in
 * flight are answered in a few turns, and a command costs both ends more than a lock in it.
 */
export class TakenLocks {
  #due: Taken[] = [];
  readonly #releases = new Set<Promise<void>>();

  constructor(
    private readonly client: RedlockClient,
    private readonly counters: LockCounters,
  ) {}

  /** Never throws: the work is done, and the lease ends by itself. `onAnswered` is called in either case. */
  release(name: string, token: string, onAnswered: () => void): void {
    this.#due.push({ name, token, onAnswered });
    if (this.#due.length === 1) process.nextTick(this.flush);
    else if (this.#due.length === MOST_AT_ONCE) this.flush();
  }

  /** Sends what is to be given back now: before anything that is sent later on the same connection. */
  readonly flush = (): void => {
    if (this.#due.length === 0) return;
    const due = this.#due;
    this.#due = [];
    const release = this.client
      .releaseAll(due)
      .then(
        (late) => void (this.counters.lateRelease += late),
        () => void (this.counters.lostRelease += due.length),
      )
      .then(() => {
        this.#releases.delete(release);
        for (const { onAnswered } of due) onAnswered();
      });
    this.#releases.add(release);
  };

  /** Resolves when every release has been answered or has failed, which the deadline of the connection bounds. */
  async released(): Promise<void> {
    this.flush();
    while (this.#releases.size > 0) await Promise.all(this.#releases);
  }
}
