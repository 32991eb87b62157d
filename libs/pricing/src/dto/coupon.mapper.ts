import { invalid, toDto } from '@app/common';
import { fromCents, toCents, toIso } from '@app/database';
import type { Coupon } from '../engine/coupon.js';
import { COUPON_DTOS, CouponDto } from './coupon.dto.js';
import { toScope } from './scope.dto.js';
import { fromHundredths, toHundredths, toWindow } from './terms.dto.js';

/** An entry of `PUT /v1/admin/coupons`, by its kind. Throws `VALIDATION_FAILED` with paths below `at`. */
export function readCoupon(entry: unknown, at: string): () => Coupon {
  const kind = (entry as { kind?: unknown } | null)?.kind;
  if (kind !== 'fixed' && kind !== 'percent') {
    throw invalid([{ field: `${at}.kind`, message: 'must be one of fixed, percent' }]);
  }
  const dto = toDto<CouponDto>(COUPON_DTOS[kind], entry, at);
  return () => toCouponInput(dto, at);
}

/** Money in cents, defaults filled in. */
function toCouponInput(dto: CouponDto, at: string): Coupon {
  const head = {
    couponId: dto.couponId,
    label: dto.label,
    threshold: toCents(dto.threshold),
    scope: toScope(dto.scope, `${at}.scope`),
    ...toWindow(dto, at),
    status: dto.status ?? ('on' as const),
  };
  if (dto.kind === 'fixed') return { ...head, kind: dto.kind, amount: toCents(dto.amount) };
  const cap = typeof dto.cap === 'string' ? toCents(dto.cap) : null;
  return { ...head, kind: dto.kind, percentOff: toHundredths(dto.percentOff), cap };
}

/** A coupon as an operator reads it back: what was sent, defaults filled in. */
export function toCouponDto(coupon: Coupon): CouponDto {
  const { startsAt, endsAt, threshold, ...rest } = coupon;
  const terms = {
    ...rest,
    threshold: fromCents(threshold),
    startsAt: startsAt === null ? null : toIso(startsAt),
    endsAt: endsAt === null ? null : toIso(endsAt),
  };
  if (terms.kind === 'fixed') return { ...terms, amount: fromCents(terms.amount) };
  const cap = terms.cap === null ? null : fromCents(terms.cap);
  return { ...terms, percentOff: fromHundredths(terms.percentOff), cap };
}
