import { onScopeDispose } from 'vue';

const MOST_MS = 60_000;

/** How long to wait after so many failures in a row. */
export function pauseAfter(failures: number, everyMs: number): number {
  return Math.min(everyMs * 2 ** Math.min(failures, 16), Math.max(everyMs, MOST_MS));
}

/**
 * Does a task again and again: one at a time, with pauses that double while it fails, and not at all while nobody can
 * see the page. The task says whether it succeeded.
 */
export class Poller {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private abort: AbortController | undefined;
  private failures = 0;

  constructor(
    private readonly task: (signal: AbortSignal) => Promise<boolean>,
    private readonly everyMs: number,
  ) {}

  /** At once, and then on; a task under way is given up. */
  start(): void {
    this.stop();
    const abort = new AbortController();
    this.abort = abort;
    void this.round(abort);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.abort?.abort();
    this.abort = undefined;
  }

  private async round(abort: AbortController): Promise<void> {
    const succeeded = await this.task(abort.signal).catch(() => false);
    if (abort.signal.aborted) return;
    this.failures = succeeded ? 0 : this.failures + 1;
    this.timer = setTimeout(() => void this.round(abort), pauseAfter(this.failures, this.everyMs));
  }
}

/** Polls as long as the component lives and the page is seen. Returns what asks at once. */
export function usePolling(task: (signal: AbortSignal) => Promise<boolean>, everyMs: number): () => void {
  const poller = new Poller(task, everyMs);
  const follow = () => (document.hidden ? poller.stop() : poller.start());
  document.addEventListener('visibilitychange', follow);
  onScopeDispose(() => {
    document.removeEventListener('visibilitychange', follow);
    poller.stop();
  });
  follow();
  return () => poller.start();
}
