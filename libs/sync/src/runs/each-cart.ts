import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { DatabaseUnavailableError } from '@app/database';
import { RedisUnavailableError } from '@app/redis';
import type { Run } from './sync-runs.js';

/** An outage of a moment must not end the work of hours: pauses between the attempts at one cart, ms. */
const PAUSES_MS = [500, 1_000, 2_000];
const logger = new Logger('SyncRun');

/**
 * Does something for every cart, so many at once. A cart that cannot be done is counted, and holds up no other; without
 * MySQL or Redis, or at the end of the run's signal, it throws.
 */
export async function forEachCart(
  pages: AsyncIterable<readonly string[]>,
  { atOnce, run }: { atOnce: number; run: Run },
  work: (userId: string) => Promise<void>,
): Promise<void> {
  for await (const page of pages) {
    const left = [...page];
    const worker = async () => {
      for (let userId = left.pop(); userId !== undefined; userId = left.pop()) {
        run.signal.throwIfAborted();
        await withPatience(userId, run, work);
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, page.length) }, worker));
  }
}

async function withPatience(userId: string, run: Run, work: (userId: string) => Promise<void>): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work(userId);
    } catch (error) {
      const isOutage = error instanceof DatabaseUnavailableError || error instanceof RedisUnavailableError;
      const pause = PAUSES_MS[attempt];
      if (!isOutage) {
        run.counts.failures += 1;
        logger.warn(`the cart of user ${userId} could not be done: ${(error as Error).message}`);
        return;
      }
      if (pause === undefined) throw error;
      await delay(pause, undefined, { signal: run.signal }).catch(() => run.signal.throwIfAborted());
    }
  }
}
