import { fromCents } from '@app/database';
import type { AppliedPromotion } from '@app/pricing';
import { CartItemDto, GroupDto, GroupPromotionDto } from './dto/cart.dto.js';
import { KnownProducts } from './live-product.js';

export type GroupBy = 'shop' | 'promotion' | 'none';

/** Groups of items in the order of the newest item of each; items come newest first. */
export function toGroups(
  group: GroupBy,
  items: readonly CartItemDto[],
  known: KnownProducts,
  promotions: readonly AppliedPromotion[],
): GroupDto[] {
  if (group === 'none' || items.length === 0) return [];
  return group === 'shop' ? byShop(items, known, promotions) : byPromotion(items, promotions);
}

function byShop(
  items: readonly CartItemDto[],
  known: KnownProducts,
  promotions: readonly AppliedPromotion[],
): GroupDto[] {
  return [...collect(items, (item) => item.shopId)].map(([id, members]) => {
    const name = members.map((item) => known.get(item.skuId)?.last?.shopName).find(Boolean) ?? '';
    return toGroup({ kind: 'shop', id, name }, members, promotions);
  });
}

/**
 * An item is shown with the promotion it joins that looks at an amount, since that is what a group adds up to: a reduction,
 * else a gift, else the offer on the item itself.
 */
function byPromotion(items: readonly CartItemDto[], promotions: readonly AppliedPromotion[]): GroupDto[] {
  const joined = new Map<string, AppliedPromotion>();
  for (const promotion of [...promotions].sort((a, b) => rankOf(b) - rankOf(a))) {
    for (const skuId of promotion.skuIds) joined.set(skuId, promotion);
  }
  const groups = collect(items, (item) => joined.get(item.skuId)?.promotion.promotionId ?? '');
  return [...groups].map(([id, members]) => {
    const name = joined.get(members[0]!.skuId)?.promotion.label ?? '';
    return toGroup({ kind: 'promotion', id, name }, members, promotions);
  });
}

function rankOf({ promotion: { kind } }: AppliedPromotion): number {
  return kind === 'full_reduction' ? 0 : kind === 'full_gift' ? 1 : 2;
}

function collect(items: readonly CartItemDto[], keyOf: (item: CartItemDto) => string): Map<string, CartItemDto[]> {
  const groups = new Map<string, CartItemDto[]>();
  for (const item of items) {
    const key = keyOf(item);
    const members = groups.get(key);
    if (members) members.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

function toGroup(
  head: Pick<GroupDto, 'kind' | 'id' | 'name'>,
  items: readonly CartItemDto[],
  promotions: readonly AppliedPromotion[],
): GroupDto {
  const { kind, id, name } = head;
  const skuIds = items.map((item) => item.skuId);
  return { kind, id, name, selection: toSelection(items), skuIds, promotions: toPromotions(skuIds, promotions) };
}

/** Those that items of the group join, whether about the shop, the SKUs or the platform, each with the group's share. */
function toPromotions(skuIds: readonly string[], promotions: readonly AppliedPromotion[]): GroupPromotionDto[] {
  if (promotions.length === 0) return [];
  const members = new Set(skuIds);
  return promotions.flatMap(({ promotion, skuIds: joined, shares, reached, gap }) => {
    if (!joined.some((skuId) => members.has(skuId))) return [];
    const discount = joined.reduce((sum, skuId, i) => (members.has(skuId) ? sum + shares[i]! : sum), 0);
    const { promotionId: id, kind, label } = promotion;
    const shown = {
      id,
      kind,
      label,
      reached,
      gap: gap === null ? null : fromCents(gap),
      discount: fromCents(discount),
    };
    return [promotion.kind === 'full_gift' ? { ...shown, gift: promotion.gift } : shown];
  });
}

/** Three states over the items that can be selected at all. */
function toSelection(items: readonly CartItemDto[]): 'all' | 'some' | 'none' {
  const valid = items.filter((item) => item.valid);
  const selected = valid.filter((item) => item.selected);
  if (selected.length === 0) return 'none';
  return selected.length === valid.length ? 'all' : 'some';
}
