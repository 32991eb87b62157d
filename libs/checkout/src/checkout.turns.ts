import { Injectable } from '@nestjs/common';
import { AppError, Env } from '@app/common';
import { compareDecimals, Slots } from '@app/database';
import { Deadline } from './deadline.js';

/** Fewer than there are connections to MySQL: a sale must not keep the rest of the service from it. */
const AT_ONCE = 6;
/** Of one SKU: the database takes orders of it one after another, so more of them would only keep others waiting. */
const OF_ONE_SKU = 2;
const WAITING = 5_000;
/** What a checkout needs beside the answer of an order service, ms. */
const BESIDE_SERVICE_MS = 2_000;

/**
 * Checkouts in turn, so that a crowd waits here and not for a connection to MySQL, and one SKU that is slow, or locked by
 * others, leaves places for the rest.
 */
@Injectable()
export class CheckoutTurns {
  private readonly all = new Slots(AT_ONCE, WAITING, 0);
  /** Those that are asked for. */
  private readonly skus = new Map<string, { slots: Slots; users: number }>();
  private readonly answerMs: number;

  constructor({ CHECKOUT_TIMEOUT_MS, ORDER_SERVICE_URL, ORDER_SERVICE_TIMEOUT_MS }: Env) {
    const service = ORDER_SERVICE_URL === undefined ? 0 : ORDER_SERVICE_TIMEOUT_MS + BESIDE_SERVICE_MS;
    this.answerMs = Math.max(CHECKOUT_TIMEOUT_MS, service);
  }

  /** When a checkout that begins now is answered at the latest. */
  deadline(): Deadline {
    return new Deadline(this.answerMs);
  }

  /** Waits for a place, which `work` then has. Throws CART_BUSY for who waits too long. */
  async take<T>(deadline: Deadline, work: () => Promise<T>): Promise<T> {
    if (!(await this.all.enter(deadline.left()))) throw busy('Too many checkouts at once');
    try {
      return await work();
    } finally {
      this.all.leave();
    }
  }

  /** As {@link take}, after waiting for a place of each SKU, in the order of ids: no two wait for each other. */
  async takeWith<T>(skuIds: readonly string[], deadline: Deadline, work: () => Promise<T>): Promise<T> {
    const entered: string[] = [];
    try {
      for (const skuId of [...new Set(skuIds)].sort(compareDecimals)) {
        if (!(await this.enter(skuId, deadline))) throw busy(`Too many checkouts of SKU ${skuId} at once`);
        entered.push(skuId);
      }
      return await this.take(deadline, work);
    } finally {
      for (const skuId of entered) this.leave(skuId);
    }
  }

  private async enter(skuId: string, deadline: Deadline): Promise<boolean> {
    const sku = this.skus.get(skuId) ?? { slots: new Slots(OF_ONE_SKU, WAITING, 0), users: 0 };
    this.skus.set(skuId, sku);
    sku.users += 1;
    const isIn = await sku.slots.enter(deadline.left());
    if (!isIn) this.forget(skuId, sku);
    return isIn;
  }

  private leave(skuId: string): void {
    const sku = this.skus.get(skuId)!;
    sku.slots.leave();
    this.forget(skuId, sku);
  }

  private forget(skuId: string, sku: { users: number }): void {
    sku.users -= 1;
    if (sku.users === 0) this.skus.delete(skuId);
  }
}

export function busy(message: string): AppError {
  return new AppError('CART_BUSY', [], message, { retryAfter: 1 });
}
