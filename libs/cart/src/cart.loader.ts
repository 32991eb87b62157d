import { randomUUID } from 'node:crypto';
import { Injectable, Optional } from '@nestjs/common';
import { AppError } from '@app/common';
import { CartTable, DatabaseUnavailableError, Slots } from '@app/database';
import { keys, LockService } from '@app/redis';
import { CartOwner, ownerKey } from './cart.owner.js';
import { WriteResult } from './cart.result.js';
import { CartStore } from './cart.store.js';
import { countItems, latestFirst, LiveCart } from './live-cart.js';
import { UnreadableFields } from './unreadable-fields.js';

/** A load may lose its right to restore to another load; then the caller simply tries again. */
const ATTEMPTS = 5;
/** The cart may change while it is mended; a reader is not to wait for long, though. */
const MENDS = 2;
/** Loads at once in this process: of MySQL's ten connections some are left for the queue and for orders. */
const LOADS_AT_ONCE = 6;
const WAITING_LOADS = 1_000;
const WAIT_MS = 3_000;

/**
 * Brings a cold cart from MySQL into Redis: one load per cart at a time, in this process by a shared promise and
 * across processes by the load lock. The lock only saves work. What makes it right is the token: it is written before
 * the SELECT, and a restore under an older token does nothing.
 *
 * A field of a loaded cart that nobody can read is unknown in the same way: it is taken out, and comes from MySQL anew.
 */
@Injectable()
export class CartLoader {
  private readonly loading = new Map<string, Promise<void>>();
  private readonly places = new Slots(LOADS_AT_ONCE, WAITING_LOADS, WAIT_MS);

  constructor(
    private readonly store: CartStore,
    private readonly table: CartTable,
    private readonly locks: LockService,
    @Optional() private readonly unreadable?: UnreadableFields,
  ) {}

  /** The live cart, loaded when it is cold. What cannot be read of it, and not be mended now, is left out. */
  async read(owner: CartOwner): Promise<LiveCart> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const cart = await this.store.read(owner);
      if (!cart) await this.load(owner);
      else if (!cart.unreadable || attempt >= MENDS || !(await this.mendIfPossible(owner))) return cart;
    }
    throw unsettled();
  }

  /**
   * Takes out of a loaded cart what nobody can read, and takes these items from MySQL anew, as far as they are there.
   * Returns how many fields; 0 when there was none, or the cart has changed meanwhile.
   */
  async mend(owner: CartOwner): Promise<number> {
    const { cart, removed } =
      owner.kind === 'user' ? await this.store.picture(owner.id) : { cart: await this.store.read(owner), removed: [] };
    if (!cart?.unreadable) return 0;
    const fields = cart.unreadable;
    const { rows, maxVersion } =
      owner.kind === 'user' ? await this.table.load(owner.id) : { rows: [], maxVersion: '0' };
    const gone = new Set(removed.map(({ skuId }) => skuId));
    const lost = rows.filter(({ skuId }) => fields.includes(skuId) && !gone.has(skuId));
    const plan = { version: cart.version, maxRowVersion: maxVersion, fields, rows: lost };
    if (!(await this.store.mend(owner, plan))) return 0;
    this.unreadable?.mended(owner, fields, lost.length);
    return fields.length;
  }

  /** The cart as MySQL has it, for the time Redis is away. */
  async readCopy(userId: string): Promise<LiveCart> {
    const { rows, maxVersion } = await this.table.load(userId);
    return { version: maxVersion, badge: countItems(rows), items: rows.sort(latestFirst) };
  }

  /** Runs a script; when it finds the cart cold, loads the cart and runs it again. */
  async write(
    owner: CartOwner,
    script: () => Promise<WriteResult>,
  ): Promise<Exclude<WriteResult, { code: 'NEED_LOAD' | 'UNREADABLE' }>> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const result = await script();
      if (result.code !== 'NEED_LOAD' && result.code !== 'UNREADABLE') return result;
      if (result.code === 'NEED_LOAD') await this.load(owner);
      else await this.inPlace(() => this.mend(owner));
    }
    throw unsettled();
  }

  /** Without MySQL a shopper sees the rest of the cart. */
  private async mendIfPossible(owner: CartOwner): Promise<boolean> {
    try {
      await this.inPlace(() => this.mend(owner));
      return true;
    } catch (error) {
      if (!(error instanceof DatabaseUnavailableError) && !(error instanceof AppError)) throw error;
      this.unreadable?.skipped(owner, error.message);
      return false;
    }
  }

  private load(owner: CartOwner): Promise<void> {
    if (owner.kind !== 'user') throw new Error('a guest cart lives in Redis alone: there is nothing to load');
    const key = ownerKey(owner);
    let load = this.loading.get(key);
    if (!load) {
      load = this.inPlace(() => this.locks.exclusive(keys.lock.load(key), () => this.loadOnce(owner))).finally(() =>
        this.loading.delete(key),
      );
      this.loading.set(key, load);
    }
    return load;
  }

  /** Throws when no place becomes free in time: after a loss of Redis everybody's cart is cold at once. */
  private async inPlace<T>(work: () => Promise<T>): Promise<T> {
    if (!(await this.places.enter())) {
      throw new AppError('CART_UNAVAILABLE', [], 'Too many carts are being loaded', { retryAfter: 1 });
    }
    try {
      return await work();
    } finally {
      this.places.leave();
    }
  }

  private async loadOnce(owner: CartOwner): Promise<void> {
    if (await this.store.read(owner)) return;
    const token = randomUUID();
    await this.store.beginLoad(owner, token);
    const { rows, maxVersion } = await this.table.load(owner.id);
    await this.store.restore(owner, { token, maxVersion, items: rows });
  }
}

function unsettled(): AppError {
  return new AppError('CART_BUSY', [], 'The cart is being loaded by others', { retryAfter: 1 });
}
