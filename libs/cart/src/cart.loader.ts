import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AppError } from '@app/common';
import { CartTable, Slots } from '@app/database';
import { keys, LockService } from '@app/redis';
import { CartOwner, ownerKey } from './cart.owner.js';
import { WriteResult } from './cart.result.js';
import { CartStore } from './cart.store.js';
import { countItems, latestFirst, LiveCart } from './live-cart.js';

/** A load may lose its right to restore to another load; then the caller simply tries again. */
const ATTEMPTS = 5;
/** Loads at once in this process: of MySQL's ten connections some are left for the queue and for orders. */
const LOADS_AT_ONCE = 6;
const WAITING_LOADS = 1_000;
const WAIT_MS = 3_000;

/**
 * Brings a cold cart from MySQL into Redis: one load per cart at a time, in this process by a shared promise and
 * across processes by the load lock. The lock only saves work. What makes it right is the token: it is written before
 * the SELECT, and a restore under an older token does nothing.
 */
@Injectable()
export class CartLoader {
  private readonly loading = new Map<string, Promise<void>>();
  private readonly places = new Slots(LOADS_AT_ONCE, WAITING_LOADS, WAIT_MS);

  constructor(
    private readonly store: CartStore,
    private readonly table: CartTable,
    private readonly locks: LockService,
  ) {}

  /** The live cart, loaded when it is cold. */
  async read(owner: CartOwner): Promise<LiveCart> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const cart = await this.store.read(owner);
      if (cart) return cart;
      await this.load(owner);
    }
    throw unsettled();
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
  ): Promise<Exclude<WriteResult, { code: 'NEED_LOAD' }>> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const result = await script();
      if (result.code !== 'NEED_LOAD') return result;
      await this.load(owner);
    }
    throw unsettled();
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
  private async inPlace(work: () => Promise<void>): Promise<void> {
    if (!(await this.places.enter())) {
      throw new AppError('CART_UNAVAILABLE', [], 'Too many carts are being loaded', { retryAfter: 1 });
    }
    try {
      await work();
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
