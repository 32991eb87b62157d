import { BeforeApplicationShutdown, Injectable, Logger, OnApplicationBootstrap } from '@nestjs/common';
import { AppError, Env, RepeatedWarning } from '@app/common';
import { CheckoutTable } from './checkout.table.js';
import { OrderClosing } from './order.closing.js';
import { Order } from './order.js';
import { OrderServiceUnavailableError } from './order.gateway.js';
import { OrderPlacement } from './order.placement.js';
import { Due, OrderTable } from './order.table.js';
import { OrdersInCart } from './orders-in-cart.js';

/** The longest pause while something of it cannot be reached, ms. */
const SLOWEST_MS = 15_000;
const AT_ONCE = 50;
const PURGE_AT_ONCE = 500;
/** Nothing has failed for so long: what failed was tried again meanwhile, or is done, ms. */
const QUIET_MS = 30_000;
const STOP_MS = 2_000;

/**
 * Finishes what no request lived to finish: items that are to leave a cart or come back, and orders nobody paid in time.
 * Every instance looks; each piece of work is taken by one of them, and may be done twice without harm.
 */
@Injectable()
export class OrderSweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly trouble = new RepeatedWarning(new Logger(OrderSweeper.name), 'orders wait to be finished', QUIET_MS);
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> = Promise.resolve();
  private pause: number;
  private isStopping = false;

  constructor(
    private readonly orders: OrderTable,
    private readonly checkouts: CheckoutTable,
    private readonly closing: OrderClosing,
    private readonly inCart: OrdersInCart,
    private readonly placement: OrderPlacement,
    private readonly env: Env,
  ) {
    this.pause = this.everyMs;
  }

  onApplicationBootstrap(): void {
    this.schedule();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    await Promise.race([this.sweeping, new Promise((resolve) => setTimeout(resolve, STOP_MS).unref())]);
  }

  /** Looks once at everything that is due. Throws the first failure, after all else was tried. */
  async sweep(): Promise<void> {
    const failures: unknown[] = [];
    const each = async (dues: readonly Due[], work: (orderId: string) => Promise<void>) => {
      for (const due of dues) {
        if (this.isStopping) return;
        try {
          if (await this.orders.tryNow(due)) await work(due.orderId);
        } catch (error) {
          failures.push(error);
          // The next one would wait for it as long.
          if (error instanceof OrderServiceUnavailableError) return;
        }
      }
    };
    await each(await this.orders.overdue(AT_ONCE), (orderId) => this.closing.expire(orderId));
    // An order has one time for whatever is due: one that was tried here would never have its turn to be told below.
    const told: string[] = [];
    await each(await this.orders.cartDue(AT_ONCE), (orderId) => {
      told.push(orderId);
      return this.finish(orderId);
    });
    await each(await this.orders.placingDue(AT_ONCE), (orderId) => this.finish(orderId));
    await each(await this.orders.tellDue(AT_ONCE), async (orderId) => void told.push(orderId));
    // All at once: together they wait no longer for a service that hangs than one of them.
    const results = await Promise.allSettled(told.map((orderId) => this.tell(orderId)));
    for (const result of results) if (result.status === 'rejected') failures.push(result.reason);
    await this.checkouts.purge(PURGE_AT_ONCE);
    if (failures.length > 0) throw failures[0];
  }

  private async finish(orderId: string): Promise<void> {
    const order = await this.orders.find(orderId);
    if (!order) return;
    if (order.status === 'placing') return this.place(order);
    const age = Date.now() - (order.closedAt ?? order.createdAt);
    await this.inCart.finish(order, age > this.env.EVENT_LATE_MS);
  }

  private async tell(orderId: string): Promise<void> {
    const order = await this.orders.find(orderId);
    if (order) await this.placement.tell(order);
  }

  private async place(order: Order): Promise<void> {
    try {
      await this.inCart.take(await this.placement.place(order));
    } catch (error) {
      // It is over, in the one way or the other.
      if (!(error instanceof AppError)) throw error;
    }
  }

  private get everyMs(): number {
    return this.env.UNFINISHED_AFTER_MS / 5;
  }

  private schedule(): void {
    if (this.isStopping) return;
    this.timer = setTimeout(() => {
      this.sweeping = this.sweepQuietly().finally(() => this.schedule());
    }, this.pause).unref();
  }

  /** While MySQL or Redis is away there is nothing to finish: it is looked for ever more rarely. */
  private async sweepQuietly(): Promise<void> {
    try {
      await this.sweep();
      this.pause = this.everyMs;
      this.trouble.worked();
    } catch (error) {
      this.trouble.failed((error as Error).message);
      this.pause = Math.min(this.pause * 2, SLOWEST_MS);
    }
  }
}
