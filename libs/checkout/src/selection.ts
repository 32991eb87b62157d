import { Injectable } from '@nestjs/common';
import { CartDto, CartLoader, CartOwner, CartView, LiveCart } from '@app/cart';
import { AppError, ErrorDetail } from '@app/common';
import { CartItem } from '@app/database';
import { Catalogue, InventoryCheck } from '@app/inventory-check';

/** An item that is selected and cannot be bought now. */
export interface LeftOut {
  skuId: string;
  reason: 'SKU_GONE' | 'OFF_SHELF' | 'OUT_OF_STOCK';
}

/** What of a cart would be ordered, newest first. */
export interface Selection {
  cart: LiveCart;
  items: CartItem[];
  /** The shopper selected them, and they cannot be bought now. */
  withheld: CartItem[];
  /** Why, one of each. */
  leftOut: LeftOut[];
  /** What is in the way of either, an entry per item. */
  faults: ErrorDetail[];
  /** When there is nothing: why. The faults, or that nothing was selected. */
  obstacles: ErrorDetail[];
}

/** The selected items of a live cart, as the shopper sees them: what cannot be bought now is not selected. */
@Injectable()
export class Selections {
  constructor(
    private readonly loader: CartLoader,
    private readonly catalogue: Catalogue,
    private readonly inventory: InventoryCheck,
    private readonly view: CartView,
  ) {}

  async of(owner: CartOwner): Promise<Selection> {
    const cart = await this.loader.read(owner);
    const flagged = cart.items.filter((item) => item.selected);
    const skus = await this.catalogue.getMany(flagged.map(({ skuId }) => skuId));
    const skuOf = (item: CartItem) => skus.get(item.skuId) ?? null;
    const reasonOf = (item: CartItem) => this.inventory.invalidReasonOf(skuOf(item));
    const items = flagged.filter((item) => reasonOf(item) === null);
    const withheld = flagged.filter((item) => reasonOf(item) !== null);
    const leftOut = withheld.map((item): LeftOut => ({ skuId: item.skuId, reason: reasonOf(item)! }));
    const faults = flagged.flatMap((item) => this.inventory.faultOf(item.skuId, skuOf(item), item.quantity) ?? []);
    const none: ErrorDetail[] = faults.length > 0 ? faults : [{ code: 'NOTHING_SELECTED' }];
    return { cart, items, withheld, leftOut, faults, obstacles: items.length > 0 ? [] : none };
  }

  /** The cart as it is now, for a refusal that shows it. */
  async show(owner: CartOwner): Promise<CartDto> {
    return this.view.render(owner, await this.loader.read(owner), { group: 'shop' });
  }
}

/** The refusal of an order: nothing is selected, or these are in the way. */
export function rejected(obstacles: readonly ErrorDetail[]): AppError {
  const isEmpty = obstacles.some(({ code }) => code === 'NOTHING_SELECTED');
  return isEmpty ? new AppError('NOTHING_SELECTED') : new AppError('CHECKOUT_REJECTED', [...obstacles]);
}
