import { Injectable } from '@nestjs/common';
import { RedisUnavailableError } from '@app/redis';
import { CartLoader } from './cart.loader.js';
import { CartOwner } from './cart.owner.js';
import { CartStore } from './cart.store.js';
import { CartView, PricedCart, ViewOptions } from './cart.view.js';
import { CartDto } from './dto/cart.dto.js';
import { Badge } from './live-cart.js';

/** What a shopper sees of a cart. Nothing is ever written from here but a cold cart into Redis. */
@Injectable()
export class CartReader {
  constructor(
    private readonly store: CartStore,
    private readonly loader: CartLoader,
    private readonly view: CartView,
  ) {}

  /** The live cart. While Redis is away a user gets MySQL's copy, marked stale; a guest has no copy. */
  async get(owner: CartOwner, options: ViewOptions): Promise<CartDto> {
    try {
      return await this.view.render(owner, await this.loader.read(owner), options);
    } catch (error) {
      if (owner.kind !== 'user' || !(error instanceof RedisUnavailableError)) throw error;
      return this.view.render(owner, await this.loader.readCopy(owner.id), { ...options, stale: true });
    }
  }

  /** What the selected items come to without coupons, and all that is in the cart. */
  async price(owner: CartOwner): Promise<PricedCart> {
    return this.view.price(await this.loader.read(owner));
  }

  /** The stored counters, without building the cart; stale as in `get`, then without a version. */
  async badge(owner: CartOwner): Promise<{ badge: Badge; version?: string }> {
    try {
      return (await this.store.badge(owner)) ?? (await this.loader.read(owner));
    } catch (error) {
      if (owner.kind !== 'user' || !(error instanceof RedisUnavailableError)) throw error;
      return { badge: (await this.loader.readCopy(owner.id)).badge };
    }
  }
}
