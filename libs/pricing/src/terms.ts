import { Logger } from '@nestjs/common';
import type { Coupon } from './engine/coupon.js';
import type { Promotion, PromotionKind, Scope } from './engine/promotion.js';

type Terms = Record<string, unknown>;

const logger = new Logger('Terms');

/** One row that cannot be read must not take the others away from every cart: it is left out, and said. */
export function readAll<Row extends { label: string }, T>(rows: readonly Row[], read: (row: Row) => T): T[] {
  return rows.flatMap((row) => {
    try {
      return [read(row)];
    } catch (error) {
      logger.error(`"${row.label}" is left out: ${(error as Error).message}`);
      return [];
    }
  });
}

/** What has a column of its own; the rest of a promotion or coupon is its terms. */
interface Head {
  label: string;
  startsAt: number | null;
  endsAt: number | null;
  status: 'on' | 'off';
}
export type PromotionHead = Head & { promotionId: string; priority: number };
export type CouponHead = Head & { couponId: string };

/** The `terms` column of a promotion: its scope and what its kind asks for. */
export function promotionTerms(promotion: Promotion): string {
  const { promotionId: _id, label: _label, kind: _kind, startsAt: _startsAt, endsAt: _endsAt, ...rest } = promotion;
  const { priority: _priority, status: _status, ...terms } = rest;
  return JSON.stringify(terms);
}

/** Throws for terms that no promotion of this kind has: a row somebody wrote by hand must not reach a price. */
export function toPromotion(head: PromotionHead, kind: string, terms: unknown): Promotion {
  const read = PROMOTION_KINDS[kind as PromotionKind] as ((terms: Terms) => object) | undefined;
  if (!read) throw wrong('kind');
  const record = toRecord(terms);
  return { ...head, kind, scope: toScope(record['scope']), ...read(record) } as Promotion;
}

/** The `terms` column of a coupon. */
export function couponTerms(coupon: Coupon): string {
  const { couponId: _id, label: _label, kind: _kind, startsAt: _startsAt, endsAt: _endsAt, ...rest } = coupon;
  const { status: _status, ...terms } = rest;
  return JSON.stringify(terms);
}

/** Throws as {@link toPromotion}. */
export function toCoupon(head: CouponHead, kind: string, terms: unknown): Coupon {
  const record = toRecord(terms);
  const base = { ...head, scope: toScope(record['scope']), threshold: whole(record, 'threshold') };
  if (kind === 'fixed') return { ...base, kind, amount: whole(record, 'amount') };
  if (kind !== 'percent') throw wrong('kind');
  const cap = record['cap'] === null ? null : whole(record, 'cap');
  return { ...base, kind, percentOff: percentOff(record), cap };
}

const PROMOTION_KINDS: Record<PromotionKind, (terms: Terms) => object> = {
  full_reduction: (terms) => {
    const { tiers, repeat } = terms;
    if (!Array.isArray(tiers) || tiers.length === 0) throw wrong('tiers');
    if (repeat !== 'once' && repeat !== 'every') throw wrong('repeat');
    const toTier = (tier: Terms) => ({ threshold: whole(tier, 'threshold', 1), discount: whole(tier, 'discount') });
    return { tiers: tiers.map((tier) => toTier(toRecord(tier))), repeat };
  },
  full_gift: (terms) => {
    const gift = toRecord(terms['gift']);
    return {
      threshold: whole(terms, 'threshold', 1),
      gift: { skuId: text(gift['skuId']), quantity: whole(gift, 'quantity', 1) },
    };
  },
  percent_off: (terms) => ({ percentOff: percentOff(terms) }),
  fixed_price: (terms) => ({ price: whole(terms, 'price') }),
  nth_item: (terms) => ({ n: whole(terms, 'n', 1), percentOff: percentOff(terms) }),
};

function toScope(value: unknown): Scope {
  const scope = toRecord(value);
  if (scope['platform'] === true) return { platform: true };
  if (Array.isArray(scope['skuIds'])) return { skuIds: scope['skuIds'].map(text) };
  return { shopId: text(scope['shopId']) };
}

function percentOff(terms: Terms): number {
  const value = whole(terms, 'percentOff', 1);
  if (value > 10_000) throw wrong('percentOff');
  return value;
}

function whole(terms: Terms, name: string, least = 0): number {
  const value = terms[name];
  if (!Number.isSafeInteger(value) || (value as number) < least) throw wrong(name);
  return value as number;
}

function text(value: unknown): string {
  if (typeof value !== 'string' || value === '') throw wrong('scope');
  return value;
}

function toRecord(value: unknown): Terms {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('terms');
  return value as Terms;
}

function wrong(name: string): Error {
  return new Error(`terms that make no sense: ${name}`);
}
