import { invalid, toDto } from '@app/common';
import { fromCents, toCents, toIso } from '@app/database';
import type { Promotion, PromotionKind } from '../engine/promotion.js';
import { FullReductionDto, PROMOTION_DTOS, PromotionDto } from './promotion.dto.js';
import { toScope } from './scope.dto.js';
import { fromHundredths, toHundredths, toWindow } from './terms.dto.js';

/** An entry of `PUT /v1/admin/promotions`, by its kind. Throws `VALIDATION_FAILED` with paths below `at`. */
export function readPromotion(entry: unknown, at: string): () => Promotion {
  const kind = (entry as { kind?: unknown } | null)?.kind;
  if (typeof kind !== 'string' || !Object.hasOwn(PROMOTION_DTOS, kind)) {
    throw invalid([{ field: `${at}.kind`, message: `must be one of ${Object.keys(PROMOTION_DTOS).join(', ')}` }]);
  }
  const dto = toDto<PromotionDto>(PROMOTION_DTOS[kind as PromotionKind], entry, at);
  return () => toPromotionInput(dto, at);
}

/** Money in cents, defaults filled in. Throws `VALIDATION_FAILED` for what the fields cannot say one by one. */
function toPromotionInput(dto: PromotionDto, at: string): Promotion {
  const head = {
    promotionId: dto.promotionId,
    label: dto.label,
    scope: toScope(dto.scope, `${at}.scope`),
    ...toWindow(dto, at),
    priority: dto.priority ?? 0,
    status: dto.status ?? ('on' as const),
  };
  switch (dto.kind) {
    case 'full_reduction':
      return { ...head, kind: dto.kind, ...toTiers(dto, at) };
    case 'full_gift': {
      const { skuId, quantity } = dto.gift;
      return { ...head, kind: dto.kind, threshold: toCents(dto.threshold), gift: { skuId, quantity } };
    }
    case 'percent_off':
      return { ...head, kind: dto.kind, percentOff: toHundredths(dto.percentOff) };
    case 'fixed_price':
      return { ...head, kind: dto.kind, price: toCents(dto.price) };
    case 'nth_item':
      return { ...head, kind: dto.kind, n: dto.n, percentOff: toHundredths(dto.percentOff) };
  }
}

function toTiers({ tiers, repeat = 'once' }: FullReductionDto, at: string) {
  const amounts = tiers.map(({ threshold, discount }) => ({
    threshold: toCents(threshold),
    discount: toCents(discount),
  }));
  const again = amounts.findIndex(({ threshold }, i) => amounts.findIndex((one) => one.threshold === threshold) < i);
  if (again !== -1) {
    throw invalid([{ field: `${at}.tiers[${again}].threshold`, message: 'must be that of one tier alone' }]);
  }
  if (repeat === 'every' && tiers.length > 1) {
    throw invalid([{ field: `${at}.tiers`, message: 'must be a single one to repeat' }]);
  }
  const smaller = amounts.findIndex((tier) =>
    amounts.some(({ threshold, discount }) => threshold < tier.threshold && discount > tier.discount),
  );
  if (smaller !== -1) {
    const message = 'must not be smaller than that of a tier with a lower threshold';
    throw invalid([{ field: `${at}.tiers[${smaller}].discount`, message }]);
  }
  return { tiers: amounts.sort((a, b) => a.threshold - b.threshold), repeat };
}

/** A promotion as an operator reads it back: what was sent, tiers in order, defaults filled in. */
export function toPromotionDto(promotion: Promotion): PromotionDto {
  const { startsAt, endsAt, ...rest } = promotion;
  const times = {
    startsAt: startsAt === null ? null : toIso(startsAt),
    endsAt: endsAt === null ? null : toIso(endsAt),
  };
  const terms = { ...rest, ...times };
  switch (terms.kind) {
    case 'full_reduction': {
      const tiers = terms.tiers.map(({ threshold, discount }) => ({
        threshold: fromCents(threshold),
        discount: fromCents(discount),
      }));
      return { ...terms, tiers };
    }
    case 'full_gift':
      return { ...terms, threshold: fromCents(terms.threshold) };
    case 'fixed_price':
      return { ...terms, price: fromCents(terms.price) };
    case 'percent_off':
    case 'nth_item':
      return { ...terms, percentOff: fromHundredths(terms.percentOff) };
  }
}
