import { Injectable } from '@nestjs/common';
import { CartOwner, ownerKey } from '@app/cart';
import { AppError, crashPoint } from '@app/common';
import { CartItem, Slots } from '@app/database';
import { keys, LockService } from '@app/redis';
import { SyncService } from '@app/sync';
import { CheckoutClaim, CheckoutTable } from './checkout.table.js';
import { Order } from './order.js';
import { OrderOutcome, OrderWriter } from './order.writer.js';
import { OrdersInCart } from './orders-in-cart.js';
import { rejected, Selections } from './selection.js';

/** What the shopper asks for. `items`: what they saw selected; `expectedPayable` in cents. */
export interface CheckoutWish {
  couponIds: readonly string[];
  declineGifts: readonly string[];
  expectedPayable: number;
  items: readonly { skuId: string; quantity: number }[] | undefined;
  /** Versions of the cart that are accepted; all of them when left out. */
  ifMatch: readonly string[] | undefined;
}

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
    private readonly checkouts: CheckoutTable,
    private readonly selections: Selections,
    private readonly inCart: OrdersInCart,
    private readonly sync: SyncService,
    private readonly writer: OrderWriter,
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
      const items = await this.inTurn(() => this.persist(owner, claim, wish));
      crashPoint('checkout-persisted');
      const outcome = await this.write(owner, claim, { ...wish, items, userId: owner.id });
      if ('order' in outcome) return outcome.order;
      if ('soldBefore' in outcome || attempt + 1 === ATTEMPTS) break;
      if (outcome.unsettled === 'placing') throw busy('Another order of this user is being placed');
    }
    throw await this.changed(owner);
  }

  /** Reads what is to be ordered, when the cart is without what was ordered before, and writes the cart to MySQL. */
  private async persist(owner: CartOwner, claim: CheckoutClaim, wish: CheckoutWish): Promise<CartItem[]> {
    const taken = await this.inCart.takeOwed(owner.id);
    const { cart, items, obstacles } = await this.selections.of(owner);
    if (wish.ifMatch && !wish.ifMatch.includes(cart.version)) {
      throw new AppError('VERSION_MISMATCH', [], undefined, { extra: { cart: await this.selections.show(owner) } });
    }
    if (wish.items && !isSame(wish.items, items)) throw await this.changed(owner);
    if (items.length === 0) throw rejected(obstacles);
    const { version } = await this.sync.sync(owner.id, 'checkout');
    await this.inCart.confirmTaken(taken, version);
    if (!(await this.checkouts.persisted(claim, cart))) throw new AppError('IDEMPOTENCY_IN_PROGRESS');
    return items;
  }

  /** One order of a user at a time, which only spares work: that it is right is the transaction's doing. */
  private write(
    owner: CartOwner,
    claim: CheckoutClaim,
    request: Parameters<OrderWriter['write']>[1],
  ): Promise<OrderOutcome> {
    const work = () => this.inTurn(() => this.writer.write(claim, request));
    return this.locks.exclusive(keys.lock.checkout(ownerKey(owner)), work, { waitMs: LOCK_WAIT_MS });
  }

  private async changed(owner: CartOwner): Promise<AppError> {
    return new AppError('CART_CHANGED', [], undefined, { extra: { cart: await this.selections.show(owner) } });
  }
}

function isSame(seen: readonly { skuId: string; quantity: number }[], items: readonly CartItem[]): boolean {
  const quantities = new Map(seen.map(({ skuId, quantity }) => [skuId, quantity]));
  return (
    seen.length === items.length &&
    quantities.size === items.length &&
    items.every(({ skuId, quantity }) => quantities.get(skuId) === quantity)
  );
}

function busy(message: string): AppError {
  return new AppError('CART_BUSY', [], message, { retryAfter: 1 });
}
