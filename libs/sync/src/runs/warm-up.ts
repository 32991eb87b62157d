import { Injectable } from '@nestjs/common';
import { CartLoader } from '@app/cart';
import { CartTable, RecentCursor } from '@app/database';
import { forEachCart } from './each-cart.js';
import { Run, SyncRuns } from './sync-runs.js';

const AT_ONCE = 4;
const PAGE = 1_000;

/** Loads the most recently active carts of MySQL into Redis, so that shoppers find them there after a loss. */
@Injectable()
export class WarmUp {
  constructor(
    private readonly runs: SyncRuns,
    private readonly table: CartTable,
    private readonly loader: CartLoader,
  ) {}

  /** Returns the id of the run, of the one under way if there is one. */
  async start(carts: number): Promise<string> {
    const work = (run: Run) =>
      forEachCart(this.recent(carts), { atOnce: AT_ONCE, run }, async (userId) => {
        await this.loader.read({ kind: 'user', id: userId });
        run.counts.carts += 1;
      });
    return (await this.runs.start('warm_up', work))!;
  }

  /** So many users, each once. */
  private async *recent(count: number): AsyncGenerator<string[]> {
    const seen = new Set<string>();
    for (let from: RecentCursor | undefined, isFirst = true; isFirst || from; isFirst = false) {
      const { userIds, next } = await this.table.recentUsers(PAGE, from);
      const fresh = userIds.filter((userId) => !seen.has(userId)).slice(0, count - seen.size);
      for (const userId of fresh) seen.add(userId);
      yield fresh;
      if (seen.size >= count) return;
      from = next;
    }
  }
}
