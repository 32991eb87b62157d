import { Injectable } from '@nestjs/common';
import { Env } from '@app/common';
import { CartItem, fromCents, toIso } from '@app/database';
import { Catalogue, InventoryCheck, Sku } from '@app/inventory-check';
import { CartOwner } from './cart.owner.js';
import { CartDto, CartItemDto, GroupDto, PriceChangeDto, ProblemDto, TotalsDto, WarningDto } from './dto/cart.dto.js';
import { LiveCart } from './live-cart.js';

export type GroupBy = 'shop' | 'promotion' | 'none';

export interface ViewOptions {
  group: GroupBy;
  /** The cart was read from MySQL because Redis is away. */
  stale?: boolean;
}

/** Cart and catalogue together as a shopper sees them. Nothing is ever written from here. */
@Injectable()
export class CartView {
  constructor(
    private readonly env: Env,
    private readonly catalogue: Catalogue,
    private readonly inventory: InventoryCheck,
  ) {}

  async render(owner: CartOwner, cart: LiveCart, { group, stale = false }: ViewOptions): Promise<CartDto> {
    const skuIds = cart.items.map((item) => item.skuId);
    const skus = await (stale ? this.catalogue.getManyFromTable(skuIds) : this.catalogue.getMany(skuIds));
    const items = cart.items.map((item) => this.toItemDto(item, skus.get(item.skuId) ?? null));
    return {
      owner: owner.kind === 'user' ? { kind: 'user', id: owner.id } : { kind: 'guest' },
      version: cart.version,
      currency: this.env.CURRENCY,
      stale,
      badge: cart.badge,
      items,
      groups: toGroups(group, items, skus),
      invalidItems: items.filter((item) => !item.valid).map((item) => item.skuId),
      totals: toTotals(items, skus),
      limits: this.inventory.limits(),
      warnings: items.flatMap(toWarnings),
    };
  }

  private toItemDto(item: CartItem, sku: Sku | null): CartItemDto {
    const invalidReason = this.inventory.invalidReasonOf(sku);
    const stock = this.inventory.availabilityOf(sku);
    const maximum = this.inventory.maximumOf(sku);
    return {
      skuId: item.skuId,
      skuCode: item.snapshot.skuCode,
      shopId: item.snapshot.shopId,
      quantity: item.quantity,
      selected: item.selected && invalidReason === null,
      addPrice: fromCents(item.addPrice),
      price: sku ? fromCents(sku.price) : null,
      priceChange: sku ? toPriceChange(item.addPrice, sku.price) : null,
      stock,
      limits: { maximum },
      valid: invalidReason === null,
      invalidReason,
      problems: toProblems(item.quantity, maximum, invalidReason === null ? stock.available : null),
      snapshot: item.snapshot,
      addedAt: toIso(item.addedAt),
      updatedAt: toIso(item.changedAt),
      version: item.version,
    };
  }
}

function toPriceChange(added: number, live: number): PriceChangeDto | null {
  if (live === added) return null;
  return { direction: live > added ? 'up' : 'down', amount: fromCents(Math.abs(live - added)) };
}

function toProblems(quantity: number, maximum: number, available: number | null): ProblemDto[] {
  const problems: ProblemDto[] = [];
  if (available !== null && quantity > available) problems.push({ code: 'INSUFFICIENT_STOCK', available });
  if (quantity > maximum) problems.push({ code: 'QUANTITY_LIMIT', maximum, requested: quantity });
  return problems;
}

function toWarnings(item: CartItemDto): WarningDto[] {
  if (item.stock.state !== 'low' || !item.valid) return [];
  return [{ code: 'LOW_STOCK', target: { skuId: item.skuId }, data: { available: item.stock.available } }];
}

function toGroups(group: GroupBy, items: readonly CartItemDto[], skus: ReadonlyMap<string, Sku | null>): GroupDto[] {
  if (group === 'none' || items.length === 0) return [];
  if (group === 'shop') return groupByShop(items, skus);
  // The catalogue knows no promotions, so all items are without one.
  return [toGroup({ kind: 'promotion', id: '', name: '' }, items)];
}

function toGroup(head: Pick<GroupDto, 'kind' | 'id' | 'name'>, items: readonly CartItemDto[]): GroupDto {
  return { ...head, selection: toSelection(items), skuIds: items.map((item) => item.skuId), promotions: [] };
}

/** Items come newest first, so groups follow the newest item in each. */
function groupByShop(items: readonly CartItemDto[], skus: ReadonlyMap<string, Sku | null>): GroupDto[] {
  const shops = new Map<string, CartItemDto[]>();
  for (const item of items) {
    const members = shops.get(item.shopId);
    if (members) members.push(item);
    else shops.set(item.shopId, [item]);
  }
  return [...shops].map(([id, members]) => {
    const name = members.map((item) => skus.get(item.skuId)?.shopName).find(Boolean) ?? '';
    return toGroup({ kind: 'shop', id, name }, members);
  });
}

/** Three states over the items that can be selected at all. */
function toSelection(items: readonly CartItemDto[]): 'all' | 'some' | 'none' {
  const valid = items.filter((item) => item.valid);
  const selected = valid.filter((item) => item.selected);
  if (selected.length === 0) return 'none';
  return selected.length === valid.length ? 'all' : 'some';
}

/** Live price × quantity of the valid, selected items. */
function toTotals(items: readonly CartItemDto[], skus: ReadonlyMap<string, Sku | null>): TotalsDto {
  const counted = items.filter((item) => item.selected);
  const goods = counted.reduce((sum, item) => sum + skus.get(item.skuId)!.price * item.quantity, 0);
  return {
    skus: counted.length,
    quantity: counted.reduce((sum, item) => sum + item.quantity, 0),
    goods: fromCents(goods),
    promotionDiscount: '0.00',
    couponDiscount: '0.00',
    payable: fromCents(goods),
    gifts: [],
  };
}
