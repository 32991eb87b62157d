import { Injectable } from '@nestjs/common';
import { keys, LockService } from '@app/redis';
import { undoRefusalOf } from './cart.errors.js';
import { CartLoader } from './cart.loader.js';
import { CartOwner, ownerKey } from './cart.owner.js';
import { Addition, CartStore, QuantityChange, SelectionScope } from './cart.store.js';
import { AnswerOptions, CartWriter, WriteScript, Written } from './cart.writer.js';
import { ItemCheck } from './item-check.js';
import { AddItemDto, UpdateItemDto } from './dto/item.dto.js';

/** What a selection is for: some items, one shop's, or all. */
export type Selection =
  { scope: 'items'; skuIds: readonly string[] } | { scope: 'shop'; shopId: string } | { scope: 'all' };

/** What a shopper does to a cart. Every write answers the cart as that very change left it. */
@Injectable()
export class CartService {
  constructor(
    private readonly store: CartStore,
    private readonly loader: CartLoader,
    private readonly writer: CartWriter,
    private readonly locks: LockService,
    private readonly check: ItemCheck,
  ) {}

  /** Adds a quantity; a repeat add adds up. */
  async add(owner: CartOwner, item: AddItemDto, options: AnswerOptions): Promise<Written> {
    const { skuId, quantity, selected } = item;
    const { sku, rule } = await this.check.judge(skuId);
    const addition = { skuId, sku, rule, quantity, selected };
    return this.addAll(owner, [addition], 'atomic', options);
  }

  /** Adds several SKUs in one step, each once: all or none, or those that may be added. */
  async addMany(
    owner: CartOwner,
    quantities: ReadonlyMap<string, number>,
    mode: 'atomic' | 'partial',
    options: AnswerOptions,
  ): Promise<Written> {
    const judged = await this.check.judgeAll([...quantities.keys()]);
    const additions = judged.map((one) => ({ ...one, quantity: quantities.get(one.skuId)! }));
    return this.addAll(owner, additions, mode, options);
  }

  /** Sets or shifts a quantity, and the selected flag. */
  async update(owner: CartOwner, skuId: string, dto: UpdateItemDto, options: AnswerOptions): Promise<Written> {
    const { rule } = await this.check.judge(skuId);
    const change: QuantityChange =
      dto.quantity !== undefined
        ? { mode: 'set', amount: dto.quantity }
        : dto.delta !== undefined
          ? { mode: 'delta', amount: dto.delta }
          : { mode: 'keep' };
    return this.writer.write(owner, options, (write) =>
      this.store.update(owner, { skuId, rule, change, selected: dto.selected }, write),
    );
  }

  /** Puts another variant in the place of an item. */
  async changeSpec(owner: CartOwner, skuId: string, newSkuId: string, options: AnswerOptions): Promise<Written> {
    const to = await this.check.judgeVariant(skuId, newSkuId);
    return this.writer.write(owner, options, (write) => this.store.changeSpec(owner, { skuId, to }, write));
  }

  remove(owner: CartOwner, skuIds: readonly string[], options: AnswerOptions): Promise<Written> {
    return this.writer.write(owner, options, (write) => this.store.remove(owner, skuIds, write));
  }

  clear(owner: CartOwner, options: AnswerOptions): Promise<Written> {
    return this.writer.write(owner, options, (write) => this.store.clear(owner, write));
  }

  /** Removes what cannot be bought now. */
  clearInvalid(owner: CartOwner, options: AnswerOptions): Promise<Written> {
    return this.writer.write(owner, options, async (write) => {
      const { items } = await this.loader.read(owner);
      const invalid = await this.check.invalidAmong(items.map(({ skuId }) => skuId));
      return this.store.clearInvalid(owner, items, invalid, write);
    });
  }

  /** Selects or unselects. */
  select(owner: CartOwner, selection: Selection, selected: boolean, options: AnswerOptions): Promise<Written> {
    return this.writer.write(owner, options, async (write) => {
      const scope = await this.toScope(owner, selection, selected);
      return this.store.select(owner, scope, selected, write);
    });
  }

  /** Brings back what the latest removal took. */
  undo(owner: CartOwner, options: AnswerOptions): Promise<Written> {
    const undo: WriteScript = async (write) => {
      const removal = await this.store.latestRemoval(owner);
      const limits = await this.check.limitsOf((removal?.items ?? []).map(({ skuId }) => skuId));
      return this.store.undo(owner, removal, limits, write);
    };
    return this.writer.write(owner, options, undo, undoRefusalOf);
  }

  /**
   * Adds to one cart take the add lock, which spreads them over the processes: on a node of its own before the script,
   * on the live Redis in the script. That the sums are right is the script's doing. The lock is let go before a cold
   * load, which has a lock of its own.
   */
  private addAll(
    owner: CartOwner,
    additions: readonly Addition[],
    mode: 'atomic' | 'partial',
    options: AnswerOptions,
  ): Promise<Written> {
    const call = { additions, mode, maxSkus: this.check.maxSkus };
    return this.writer.write(owner, options, (write) =>
      this.locks.guarded(keys.lock.add(ownerKey(owner)), (lock) =>
        lock ? this.store.addUnder(lock, owner, call, write) : this.store.add(owner, call, write),
      ),
    );
  }

  /** Unselecting also clears the stored flag of invalid items, so that only a shop needs the catalogue for it. */
  private async toScope(owner: CartOwner, selection: Selection, selected: boolean): Promise<SelectionScope> {
    if (selection.scope === 'items') {
      const invalid = selected ? await this.check.invalidAmong(selection.skuIds) : new Set();
      return { scope: 'items', skuIds: selection.skuIds.filter((skuId) => !invalid.has(skuId)) };
    }
    if (selection.scope === 'all' && !selected) return { scope: 'all', judged: new Map() };
    const { items } = await this.loader.read(owner);
    const skuIds = items.map(({ skuId }) => skuId);
    if (selection.scope === 'shop') {
      const own = await this.check.ofShop(items, selection.shopId);
      const mayChange = (skuId: string) => own.get(skuId) === 'valid' || (!selected && own.has(skuId));
      return { scope: 'shop', judged: new Map(skuIds.map((skuId) => [skuId, mayChange(skuId)])) };
    }
    const invalid = await this.check.invalidAmong(skuIds);
    return { scope: 'all', judged: new Map(skuIds.map((skuId) => [skuId, !invalid.has(skuId)])) };
  }
}
