import { Injectable, Optional } from '@nestjs/common';
import { AppError } from '@app/common';
import { CartLoader, CartPicture, CartStore, CartSyncs, LiveCart, SyncOccasion } from '@app/cart';
import { CartItem, CartRow, CartTable, highestVersion } from '@app/database';
import { diffItems, driftOf, ItemDiff, planSync, SyncPlan } from './sync.plan.js';

/** What a sync of one cart did: rows. */
export interface SyncResult {
  written: number;
  softDeleted: number;
  unchanged: number;
  version: string;
}

/** The cart changes all the time; a comparison that was overtaken is made again. */
const ATTEMPTS = 5;
/** A change is in MySQL within seconds; a difference older than this is none that is on its way. */
const LAG_MS = 60_000;

/** Compares one user's cart in Redis with MySQL, and makes them equal. */
@Injectable()
export class SyncService {
  constructor(
    private readonly store: CartStore,
    private readonly loader: CartLoader,
    private readonly table: CartTable,
    @Optional() private readonly syncs?: CartSyncs,
  ) {}

  async diff(userId: string): Promise<{ inSync: boolean; version: string; items: ItemDiff[] }> {
    const { cart } = await this.picture(userId);
    const items = diffItems(cart.items, await this.table.loadAll(userId));
    return { inSync: items.every((item) => item.equal), version: cart.version, items };
  }

  /**
   * Writes now what the queue would bring a little later, and mends what no message can. Safe beside the queue. Counted
   * under its occasion, unless it is part of something that is counted itself.
   */
  async sync(userId: string, occasion: SyncOccasion | 'uncounted' = 'uncounted'): Promise<SyncResult> {
    const work = async () => {
      const settled = String((Date.now() - LAG_MS) * 1_000);
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const done = await this.equalise(userId, await this.picture(userId));
        if (done) return { ...done.result, drift: driftOf(done.plan, settled) };
      }
      throw overtaken();
    };
    const { drift: _counted, ...result } = await (occasion === 'uncounted' || !this.syncs
      ? work()
      : this.syncs.measure(occasion, work));
    return result;
  }

  /**
   * As {@link sync}, of a cart that is loaded. `undefined` when it is not: such a cart is unknown, and nothing of it is
   * touched. `drift`: differences that are no changes on their way, that is, none of a version from `settled` on.
   */
  async reconcile(userId: string, settled: string): Promise<(SyncResult & { drift: number }) | undefined> {
    let mended = 0;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { cart, removed } = await this.store.picture(userId);
      if (!cart) return undefined;
      if (cart.unreadable) {
        mended += await this.loader.mend({ kind: 'user', id: userId });
        continue;
      }
      const done = await this.equalise(userId, { cart, removed });
      if (done) return { ...done.result, drift: mended + driftOf(done.plan, settled) };
    }
    throw overtaken();
  }

  /**
   * Compares a loaded cart without mending anything: its version when MySQL has all of it and a load would bring this very
   * version back, `undefined` when not, or when the cart is not loaded.
   */
  async verifiedVersion(userId: string): Promise<string | undefined> {
    const { cart, removed } = await this.store.picture(userId);
    if (!cart || cart.unreadable || removed.length > 0) return undefined;
    const rows = await this.table.loadAll(userId);
    const { write, restamp, takeOver, unflagged } = planSync(userId, { cart, removed }, rows);
    const isEqual = write.length + restamp.length + takeOver.length + unflagged.length === 0;
    return isEqual && highestVersion(rows) === cart.version ? cart.version : undefined;
  }

  /** `undefined`: the cart has changed since the picture, and nothing was done. */
  private async equalise(
    userId: string,
    picture: CartPicture & { cart: LiveCart },
  ): Promise<{ result: SyncResult; plan: SyncPlan } | undefined> {
    const rows = await this.table.loadAll(userId);
    const plan = planSync(userId, picture, rows);
    const repaired = await this.repair(userId, picture.cart, plan, rows);
    if (!repaired) return undefined;
    const write = [
      ...plan.write,
      ...repaired.restamped.map((item) => ({ ...item, userId, deleted: false })),
      // In the version of the repair: the guard lets no other through, and no later change of the cart has it.
      ...plan.unflagged.map((row) => ({ ...row, quantity: 0, deleted: true, version: repaired.version })),
    ];
    await this.table.upsert(write);
    const removals = write.filter((row) => row.deleted);
    await this.store.confirmRemovals(userId, [...removals, ...plan.confirmed]);
    const result = {
      written: write.length - removals.length,
      softDeleted: removals.length,
      unchanged: plan.unchanged,
      version: repaired.version,
    };
    return { result, plan };
  }

  private async repair(
    userId: string,
    cart: LiveCart,
    plan: SyncPlan,
    rows: readonly CartRow[],
  ): Promise<{ version: string; restamped: CartItem[] } | undefined> {
    if (plan.restamp.length + plan.takeOver.length + plan.unflagged.length === 0)
      return { version: cart.version, restamped: [] };
    return this.store.repair(userId, { version: cart.version, maxRowVersion: highestVersion(rows), ...plan });
  }

  /** The cart with its tombstones. A cold cart is loaded first, and a damaged one mended: it is unknown, not empty. */
  async picture(userId: string): Promise<CartPicture & { cart: LiveCart }> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { cart, removed } = await this.store.picture(userId);
      if (cart && !cart.unreadable) return { cart, removed };
      if (cart) await this.loader.mend({ kind: 'user', id: userId });
      else await this.loader.read({ kind: 'user', id: userId });
    }
    throw new AppError('CART_BUSY', [], 'The cart is being loaded by others', { retryAfter: 1 });
  }
}

function overtaken(): AppError {
  return new AppError('CART_BUSY', [], 'The cart changes faster than it can be compared', { retryAfter: 1 });
}
