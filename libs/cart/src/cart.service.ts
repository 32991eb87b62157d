import { Injectable } from '@nestjs/common';
import { AppError } from '@app/common';
import { Catalogue, InventoryCheck } from '@app/inventory-check';
import { keys, LockService, RedisUnavailableError } from '@app/redis';
import { refusal } from './cart.errors.js';
import { CartLoader } from './cart.loader.js';
import { CartOwner, ownerKey } from './cart.owner.js';
import { CartStore, QuantityChange, WriteOptions, WriteResult } from './cart.store.js';
import { CartView, GroupBy } from './cart.view.js';
import { CartDto, MinimalCartDto } from './dto/cart.dto.js';
import { AddItemDto, UpdateItemDto } from './dto/item.dto.js';

/** How a write is answered: with the counters alone (`minimal`), or with the whole cart grouped in some way. */
export interface AnswerOptions extends WriteOptions {
  group: GroupBy;
}

/** What a shopper does with a cart. Every write answers the cart as that very change left it. */
@Injectable()
export class CartService {
  constructor(
    private readonly store: CartStore,
    private readonly loader: CartLoader,
    private readonly locks: LockService,
    private readonly catalogue: Catalogue,
    private readonly inventory: InventoryCheck,
    private readonly view: CartView,
  ) {}

  /** The live cart. While Redis is away a user gets MySQL's copy, marked stale; a guest has no copy. */
  async get(owner: CartOwner, group: GroupBy): Promise<CartDto> {
    try {
      return await this.view.render(owner, await this.loader.read(owner), { group });
    } catch (error) {
      if (owner.kind !== 'user' || !(error instanceof RedisUnavailableError)) throw error;
      return this.view.render(owner, await this.loader.readCopy(owner.id), { group, stale: true });
    }
  }

  /**
   * Adds a quantity; a repeat add adds up. Adds to one cart take the add lock, which spreads them over the processes;
   * that the sums are right is the script's doing. The lock is let go before a cold load, which has a lock of its own.
   */
  async add(owner: CartOwner, { skuId, quantity, selected }: AddItemDto, options: AnswerOptions) {
    const sku = await this.catalogue.get(skuId);
    this.inventory.assertPurchasable(skuId, sku);
    const rule = this.inventory.ruleOf(sku);
    const { maxSkus } = this.inventory.limits();
    return this.write(owner, skuId, options, () =>
      this.locks.shared(keys.lock.add(ownerKey(owner)), () =>
        this.store.add(owner, { sku, rule, quantity, selected, maxSkus }, options),
      ),
    );
  }

  /** Sets or shifts a quantity, and the selected flag. */
  async update(owner: CartOwner, skuId: string, dto: UpdateItemDto, options: AnswerOptions) {
    const rule = this.inventory.ruleOf(await this.catalogue.get(skuId));
    const change: QuantityChange =
      dto.quantity !== undefined
        ? { mode: 'set', amount: dto.quantity }
        : dto.delta !== undefined
          ? { mode: 'delta', amount: dto.delta }
          : { mode: 'keep' };
    return this.write(owner, skuId, options, () =>
      this.store.update(owner, { skuId, rule, change, selected: dto.selected }, options),
    );
  }

  remove(owner: CartOwner, skuIds: readonly string[], options: AnswerOptions) {
    return this.write(owner, '', options, () => this.store.remove(owner, skuIds, options));
  }

  clear(owner: CartOwner, options: AnswerOptions) {
    return this.write(owner, '', options, () => this.store.clear(owner, options));
  }

  private async write(
    owner: CartOwner,
    skuId: string,
    options: AnswerOptions,
    script: () => Promise<WriteResult>,
  ): Promise<CartDto | MinimalCartDto> {
    const result = await this.loader.write(owner, script);
    if (result.code === 'VERSION_MISMATCH') {
      const cart = await this.view.render(owner, result.cart, options);
      throw new AppError('VERSION_MISMATCH', [], undefined, { extra: { cart } });
    }
    if (result.code !== 'OK') throw refusal(result.code, skuId, result.numbers);
    const minimal = { version: result.cart.version, badge: result.cart.badge };
    if (options.minimal) return minimal;
    try {
      return await this.view.render(owner, result.cart, options);
    } catch (error) {
      // The change is made. A catalogue that cannot be reached for showing it must not make the shopper repeat it.
      if ((error as { appCode?: string }).appCode !== 'CART_UNAVAILABLE') throw error;
      return minimal;
    }
  }
}
