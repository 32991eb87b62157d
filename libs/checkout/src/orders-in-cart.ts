import { Injectable, OnModuleInit } from '@nestjs/common';
import { OrderedItemsStore, SentChange } from '@app/cart';
import { compareDecimals, Query } from '@app/database';
import { CartChangedWriter, SyncService } from '@app/sync';
import { isReturning, Order, RestoredItem, toRestored } from './order.js';
import { OrderTable } from './order.table.js';

/** A step of an order on the cart that Redis has made: MySQL has it with the version of the cart that made it. */
export interface MadeStep {
  orderId: string;
  version: string;
}

/**
 * What orders do to the cart: their items leave it, and come back when an order came to nothing. The cart changes first;
 * the order's own row says so only when MySQL has the rows of the change, in the same transaction. So whichever of the
 * two stores is lost or late, a step is made once, and repeated until it is.
 */
@Injectable()
export class OrdersInCart implements OnModuleInit {
  constructor(
    private readonly orders: OrderTable,
    private readonly store: OrderedItemsStore,
    private readonly sync: SyncService,
    private readonly writer: CartChangedWriter,
  ) {}

  onModuleInit(): void {
    this.writer.commitAlong((changes, query) => this.note(changes, query));
  }

  /** Takes what the order holds out of the cart; `undefined` when there was nothing to take. */
  async take({ orderId, userId, lines }: Order): Promise<MadeStep | undefined> {
    const { version } = await this.store.take(userId, orderId, lines);
    if (version !== undefined) return { orderId, version };
    // What it did not find the shopper has removed, and MySQL may not have heard of that yet.
    await this.sync.sync(userId);
    await this.orders.markTaken([orderId]);
    return undefined;
  }

  /** Takes out of the cart what earlier orders of this user have left there. */
  async takeOwed(userId: string): Promise<MadeStep[]> {
    const made: MadeStep[] = [];
    for (const order of await this.orders.owedByCart(userId)) {
      const step = await this.take(order);
      if (step) made.push(step);
    }
    return made;
  }

  /** MySQL has the cart as it was at `version`, or later. */
  async confirmTaken(made: readonly MadeStep[], version: string): Promise<void> {
    const there = made.filter((step) => compareDecimals(step.version, version) <= 0);
    await this.orders.markTaken(there.map(({ orderId }) => orderId));
  }

  /** Gives back to the cart what a closed order held. */
  async giveBack(order: Order): Promise<{ step: MadeStep | undefined; restored: RestoredItem[] }> {
    const { orderId, userId, lines } = order;
    await this.takeFirst(order);
    const { version, quantities } = await this.store.giveBack(userId, orderId, lines);
    const restored = toRestored(lines, quantities);
    await this.orders.keepRestored(orderId, restored);
    if (version !== undefined) return { step: { orderId, version }, restored };
    await this.orders.markSettled([orderId]);
    return { step: undefined, restored };
  }

  /** Makes whatever step is still to be made; one whose event seems lost is brought to MySQL without it. */
  async finish(order: Order, isEventLate: boolean): Promise<void> {
    if (order.cartState !== 'take' && !isReturning(order)) return;
    const step = order.cartState === 'take' ? await this.take(order) : (await this.giveBack(order)).step;
    if (!step || !isEventLate) return;
    const { version } = await this.sync.sync(order.userId);
    if (compareDecimals(step.version, version) > 0) return;
    if (order.cartState === 'take') await this.orders.markTaken([order.orderId]);
    else await this.orders.markSettled([order.orderId]);
  }

  /**
   * What an order never took leaves the cart before it comes back, so that it adds up. What MySQL knows was taken is not
   * taken again when Redis has lost the record: the cart is made what MySQL says, which heals what an old file of Redis
   * brought back, and only the record is written anew.
   */
  private async takeFirst({ orderId, userId, lines, cartState }: Order): Promise<void> {
    if (cartState === 'return') await this.store.take(userId, orderId, lines);
    if (cartState !== 'restore' || (await this.store.isTaken(userId, orderId))) return;
    await this.sync.sync(userId);
    await this.store.take(userId, orderId, []);
  }

  /** Called with every change of a cart that MySQL is about to commit. */
  private async note(changes: readonly SentChange[], query: Query): Promise<void> {
    const taken = changes.filter(({ orderId, action }) => orderId !== undefined && action === 'order');
    await this.orders.markTaken(
      taken.map(({ orderId }) => orderId!),
      query,
    );
    for (const { orderId, action, items } of changes) {
      if (orderId === undefined || action !== 'return') continue;
      const order = await this.orders.find(orderId, query);
      if (!order || !isReturning(order)) continue;
      // Nobody may have lived to keep what the script said.
      const quantities = new Map(items.map(({ skuId, before, quantity }) => [skuId, quantity - before]));
      await this.orders.keepRestored(orderId, toRestored(order.lines, quantities), query);
      await this.orders.markSettled([orderId], query);
    }
  }
}
