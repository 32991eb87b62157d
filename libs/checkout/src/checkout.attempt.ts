import { Injectable } from '@nestjs/common';
import { CartOwner, ownerKey } from '@app/cart';
import { AppError, crashPoint } from '@app/common';
import { CartItem } from '@app/database';
import { Promotions } from '@app/pricing';
import { keys, LockService } from '@app/redis';
import { CheckoutSnapshots, CheckoutWish } from './checkout.snapshots.js';
import { CheckoutClaim } from './checkout.table.js';
import { busy, CheckoutTurns } from './checkout.turns.js';
import { Deadline } from './deadline.js';
import { Order } from './order.js';
import { OrderOutcome, OrderWriter } from './order.writer.js';
import { OrderRequest } from './quotes.js';
import { Refusals } from './refusals.js';

/** Another checkout of the same user was faster each time. */
const ATTEMPTS = 10;
/** One attempt at a checkout: from the live cart to a committed order, or to the reason why not. */
@Injectable()
export class CheckoutAttempt {
  constructor(
    private readonly snapshots: CheckoutSnapshots,
    private readonly writer: OrderWriter,
    private readonly refusals: Refusals,
    private readonly locks: LockService,
    private readonly turns: CheckoutTurns,
    private readonly promotions: Promotions,
  ) {}

  /** When a request that comes now is answered at the latest. */
  deadline(): Deadline {
    return this.turns.deadline();
  }

  /** In turn, so that a crowd waits here and not for a connection to MySQL. Throws CART_BUSY for who waits too long. */
  inTurn<T>(deadline: Deadline, work: () => Promise<T>): Promise<T> {
    return this.turns.take(deadline, work);
  }

  /** Throws a refusal, and has changed nothing then. */
  async order(claim: CheckoutClaim, wish: CheckoutWish, deadline: Deadline): Promise<Order> {
    const owner: CartOwner = { kind: 'user', id: claim.userId };
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const snapshot = await this.inTurn(deadline, () => this.snapshots.take(owner, claim, wish));
      crashPoint('checkout-persisted');
      const request = { ...wish, ...snapshot, userId: owner.id };
      const skuIds = this.lockedFor(snapshot.items);
      const write = () => this.turns.takeWith(skuIds, deadline, () => this.write(claim, request, deadline));
      // One order of a user at a time, which only spares work: that it is right is the transaction's doing.
      const lock = keys.lock.checkout(ownerKey(owner));
      const outcome = await this.locks.exclusive(lock, write, { waitMs: deadline.left() });
      if ('order' in outcome) return outcome.order;
      if ('changed' in outcome || 'soldBefore' in outcome) throw await this.refusals.changed(owner.id, wish);
    }
    throw busy('Other orders of this user are faster');
  }

  /** What the order's transaction waits for when others hold it: its SKUs and the gifts it may bring. */
  private lockedFor(items: readonly CartItem[]): string[] {
    const places = items.map(({ skuId, snapshot }) => ({ skuId, shopId: snapshot.shopId }));
    const gifts = this.promotions.about(places).flatMap((one) => (one.kind === 'full_gift' ? one.gift.skuId : []));
    return [...places.map(({ skuId }) => skuId), ...gifts];
  }

  /** `changed`: it is not what the shopper has consented to. What it is now is looked at without the order's locks. */
  private async write(
    claim: CheckoutClaim,
    request: OrderRequest,
    deadline: Deadline,
  ): Promise<OrderOutcome | { changed: true }> {
    try {
      return await this.writer.write(claim, request, deadline);
    } catch (error) {
      if (error instanceof AppError && error.code === 'CART_CHANGED') return { changed: true };
      throw error;
    }
  }
}
