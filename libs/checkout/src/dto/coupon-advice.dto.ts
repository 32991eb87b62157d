import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { ApiCount, ApiMoney, ApiTime, MayBeAbsent } from '@app/common';
import { fromCents, toIso } from '@app/database';
import { CouponReason, CouponVerdict, fromHundredths, Scope, SCOPE_SCHEMA } from '@app/pricing';
import type { CouponAdvice } from '../coupon-guide.service.js';

const REASONS = [
  'THRESHOLD_NOT_MET',
  'NOT_STARTED',
  'EXPIRED',
  'SCOPE_EMPTY',
  'USED',
  'NO_DISCOUNT',
] as const satisfies CouponReason[];

/** The query of `GET /v1/coupons`. */
export class ListCouponsDto {
  @ApiPropertyOptional({
    enum: ['true', 'false'],
    default: 'false',
    description: 'true: instead of the shopper’s own, those that may be claimed for the cart',
  })
  @MayBeAbsent()
  @IsIn(['true', 'false'])
  claimable?: 'true' | 'false';
}

/** A coupon, and what it would bring on its own. */
export class AdvisedCouponDto {
  @ApiProperty({ example: 'new-shopper' })
  couponId!: string;

  @ApiProperty({ example: 'five off' })
  label!: string;

  @ApiProperty({ enum: ['fixed', 'percent'] })
  kind!: 'fixed' | 'percent';

  @ApiProperty({ description: 'on the selected items, before other coupons' })
  usable!: boolean;

  @ApiProperty({ enum: REASONS, required: false, description: 'why it is not usable; EXPIRED also when switched off' })
  reason?: CouponReason;

  @ApiMoney({ required: false, example: '38.00', description: 'what is missing, with THRESHOLD_NOT_MET' })
  gap?: string;

  @ApiMoney({ required: false, example: '5.00', description: 'what it would take off; absent when it is not usable' })
  discount?: string;

  @ApiCount({ description: 'how many are left to use' })
  left!: number;

  @ApiProperty(SCOPE_SCHEMA)
  scope!: Scope;

  @ApiMoney({ example: '20.00', description: 'what its scope must come to' })
  threshold!: string;

  @ApiMoney({ required: false, description: 'of kind fixed' })
  amount?: string;

  @ApiProperty({ type: String, required: false, example: '15', description: 'of kind percent' })
  percentOff?: string;

  @ApiMoney({ required: false, nullable: true, description: 'of kind percent: the most it takes off' })
  cap?: string | null;

  @ApiTime({ nullable: true })
  startsAt!: string | null;

  @ApiTime({ nullable: true })
  endsAt!: string | null;
}

export class BestCouponsDto {
  @ApiProperty({ type: [String], example: ['new-shopper'] })
  couponIds!: string[];

  @ApiMoney({ example: '5.00' })
  discount!: string;
}

export class CouponAdviceDto {
  @ApiProperty({ type: [AdvisedCouponDto] })
  coupons!: AdvisedCouponDto[];

  @ApiProperty({ description: 'of the coupons listed, the set that takes most off the selected items' })
  best!: BestCouponsDto;
}

export function toCouponAdviceDto({ verdicts, best }: CouponAdvice): CouponAdviceDto {
  return {
    coupons: verdicts.map(toAdvisedCouponDto),
    best: { couponIds: best.couponIds, discount: fromCents(best.discount) },
  };
}

function toAdvisedCouponDto({ coupon, usable, reason, gap, discount }: CouponVerdict): AdvisedCouponDto {
  const { couponId, label, kind, scope, granted, used } = coupon;
  return {
    couponId,
    label,
    kind,
    usable,
    ...(reason === null ? { discount: fromCents(discount) } : { reason }),
    ...(gap === null ? {} : { gap: fromCents(gap) }),
    left: granted - used,
    scope,
    threshold: fromCents(coupon.threshold),
    ...termsOf(coupon),
    startsAt: coupon.startsAt === null ? null : toIso(coupon.startsAt),
    endsAt: coupon.endsAt === null ? null : toIso(coupon.endsAt),
  };
}

function termsOf(coupon: CouponVerdict['coupon']): Pick<AdvisedCouponDto, 'amount' | 'percentOff' | 'cap'> {
  if (coupon.kind === 'fixed') return { amount: fromCents(coupon.amount) };
  return {
    percentOff: fromHundredths(coupon.percentOff),
    cap: coupon.cap === null ? null : fromCents(coupon.cap),
  };
}
