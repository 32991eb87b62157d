import { setTimeout as delay } from 'node:timers/promises';
import { DataSource, DataSourceOptions } from 'typeorm';

/** How long the server is waited for, ms: it may be what does not answer. */
const WITHIN_MS = 2_000;
const LOOK_MS = 10;

/**
 * Statements that were given up here go on in the server, and hold what they hold: to close the connection does not end
 * them. So they are ended over one connection beside the pool, which is there only while there is something to end.
 */
export class Abandoned {
  private readonly threadIds = new Set<number>();
  private ending: Promise<void> | undefined;

  constructor(private readonly options: DataSourceOptions) {}

  /** Resolves when the connection is gone from the server, or the server does not answer. Never rejects. */
  async end(threadId: number): Promise<void> {
    this.threadIds.add(threadId);
    while (this.threadIds.has(threadId)) {
      this.ending ??= this.endAll().finally(() => (this.ending = undefined));
      await this.ending;
    }
  }

  private async endAll(): Promise<void> {
    const threadIds = [...this.threadIds];
    const beside = new DataSource({ ...this.options, poolSize: 1 } as DataSourceOptions);
    const late = delay(WITHIN_MS, undefined, { ref: false });
    try {
      await Promise.race([killAll(beside, threadIds), late]);
    } catch {
      // A server that cannot be reached carries nothing out.
    }
    for (const threadId of threadIds) this.threadIds.delete(threadId);
    if (beside.isInitialized) await Promise.race([beside.destroy().catch(() => undefined), late]);
  }
}

async function killAll(beside: DataSource, threadIds: readonly number[]): Promise<void> {
  await beside.initialize();
  for (const threadId of threadIds) {
    // It may have ended by itself.
    await beside.query('KILL ?', [threadId]).catch(() => undefined);
  }
  for (;;) {
    const left: unknown[] = await beside.query('SELECT id FROM information_schema.processlist WHERE id IN (?)', [
      threadIds,
    ]);
    if (left.length === 0) return;
    await delay(LOOK_MS);
  }
}
