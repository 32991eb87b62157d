import { Injectable } from '@nestjs/common';
import { CartOwner, ownerKey } from '@app/cart';
import { AppError, crashPoint } from '@app/common';
import { Slots } from '@app/database';
import { keys, LockService } from '@app/redis';
import { CheckoutSnapshots, CheckoutWish } from './checkout.snapshots.js';
import { CheckoutClaim } from './checkout.table.js';
import { Order } from './order.js';
import { OrderOutcome, OrderWriter } from './order.writer.js';
import { OrderRequest } from './quotes.js';
import { Refusals } from './refusals.js';

/** Another checkout of the same user was faster each time. */
const ATTEMPTS = 10;
/** Fewer than there are connections to MySQL: a sale must not keep the rest of the service from it. */
const AT_ONCE = 6;
const WAITING = 5_000;
const WAIT_MS = 10_000;
/** A process that died holds the lock to the end of its lease. */
const LOCK_WAIT_MS = 8_000;

/** One attempt at a checkout: from the live cart to a committed order, or to the reason why not. */
@Injectable()
export class CheckoutAttempt {
  private readonly turns = new Slots(AT_ONCE, WAITING, WAIT_MS);

  constructor(
    private readonly snapshots: CheckoutSnapshots,
    private readonly writer: OrderWriter,
    private readonly refusals: Refusals,
    private readonly locks: LockService,
  ) {}

  /** In turn, so that a crowd waits here and not for a connection to MySQL. Throws CART_BUSY for who waits too long. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (!(await this.turns.enter())) throw busy('Too many checkouts at once');
    try {
      return await work();
    } finally {
      this.turns.leave();
    }
  }

  /** Throws a refusal, and has changed nothing then. */
  async order(claim: CheckoutClaim, wish: CheckoutWish): Promise<Order> {
    const owner: CartOwner = { kind: 'user', id: claim.userId };
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const snapshot = await this.inTurn(() => this.snapshots.take(owner, claim, wish));
      crashPoint('checkout-persisted');
      const request = { ...wish, ...snapshot, userId: owner.id };
      const write = () => this.inTurn(() => this.write(claim, request));
      // One order of a user at a time, which only spares work: that it is right is the transaction's doing.
      const outcome = await this.locks.exclusive(keys.lock.checkout(ownerKey(owner)), write, { waitMs: LOCK_WAIT_MS });
      if ('order' in outcome) return outcome.order;
      if ('changed' in outcome || 'soldBefore' in outcome) throw await this.refusals.changed(owner.id, wish);
    }
    throw busy('Other orders of this user are faster');
  }

  /** `changed`: it is not what the shopper has consented to. What it is now is looked at without the order's locks. */
  private async write(claim: CheckoutClaim, request: OrderRequest): Promise<OrderOutcome | { changed: true }> {
    try {
      return await this.writer.write(claim, request);
    } catch (error) {
      if (error instanceof AppError && error.code === 'CART_CHANGED') return { changed: true };
      throw error;
    }
  }
}

function busy(message: string): AppError {
  return new AppError('CART_BUSY', [], message, { retryAfter: 1 });
}
