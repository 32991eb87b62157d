import { Injectable } from '@nestjs/common';
import { Database, fromDateTime, Query, toDateTime } from '@app/database';
import type { Coupon } from './engine/coupon.js';
import { couponTerms, readAll, toCoupon } from './terms.js';

export interface CouponRow {
  coupon_id: string;
  label: string;
  kind: string;
  terms: unknown;
  starts_at: string | null;
  ends_at: string | null;
  status: 'on' | 'off';
}

/** What {@link fromCouponRow} reads. */
export const COUPON_COLUMNS =
  'coupon.coupon_id, coupon.label, coupon.kind, coupon.terms, coupon.starts_at, coupon.ends_at, coupon.status';
/** Whether a coupon is on and not over, by MySQL's clock. */
export const IS_ACTIVE = "coupon.status = 'on' AND (coupon.ends_at IS NULL OR coupon.ends_at > UTC_TIMESTAMP(3))";

/** The `coupon` table: what coupons there are, whoever has them. */
@Injectable()
export class CouponTable {
  constructor(private readonly database: Database) {}

  /** Those that are on and not over, also those still to begin, in the order of their ids. */
  async active(query: Query = this.database.query): Promise<Coupon[]> {
    const rows = await query<CouponRow>(`SELECT ${COUPON_COLUMNS} FROM coupon WHERE ${IS_ACTIVE} ORDER BY coupon_id`);
    return readAll(rows, fromCouponRow);
  }

  async find(couponId: string): Promise<Coupon | undefined> {
    const rows = await this.database.query<CouponRow>(`SELECT ${COUPON_COLUMNS} FROM coupon WHERE coupon_id = ?`, [
      couponId,
    ]);
    return readAll(rows, fromCouponRow)[0];
  }

  /** At most `limit` with ids above `after`, whatever their state, in the order of their ids. */
  async page(after: string, limit: number): Promise<Coupon[]> {
    const rows = await this.database.query<CouponRow>(
      `SELECT ${COUPON_COLUMNS} FROM coupon WHERE coupon_id > ? ORDER BY coupon_id LIMIT ?`,
      [after, limit],
    );
    return readAll(rows, fromCouponRow);
  }

  /** Inserts or replaces, all or none; each id once. Who has one keeps it, under the new terms. */
  async upsert(coupons: readonly Coupon[]): Promise<void> {
    if (coupons.length === 0) return;
    // In one order, so that two calls at once wait for each other and do not deadlock.
    const sorted = [...coupons].sort((a, b) => (a.couponId < b.couponId ? -1 : 1));
    const places = sorted.map(() => '(?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3))').join(', ');
    await this.database.query(
      `INSERT INTO coupon (coupon_id, label, kind, terms, starts_at, ends_at, status, update_time) VALUES ${places}
       ON DUPLICATE KEY UPDATE label = VALUES(label), kind = VALUES(kind), terms = VALUES(terms),
         starts_at = VALUES(starts_at), ends_at = VALUES(ends_at), status = VALUES(status),
         update_time = VALUES(update_time)`,
      sorted.flatMap(toParameters),
    );
  }
}

/** Throws for a row whose terms make no sense: it must not reach a price. */
export function fromCouponRow(row: CouponRow): Coupon {
  const head = {
    couponId: row.coupon_id,
    label: row.label,
    startsAt: row.starts_at === null ? null : fromDateTime(row.starts_at),
    endsAt: row.ends_at === null ? null : fromDateTime(row.ends_at),
    status: row.status,
  };
  // MariaDB keeps JSON as text, MySQL's driver has it parsed.
  return toCoupon(head, row.kind, typeof row.terms === 'string' ? JSON.parse(row.terms) : row.terms);
}

function toParameters(coupon: Coupon): unknown[] {
  return [
    coupon.couponId,
    coupon.label,
    coupon.kind,
    couponTerms(coupon),
    coupon.startsAt === null ? null : toDateTime(coupon.startsAt),
    coupon.endsAt === null ? null : toDateTime(coupon.endsAt),
    coupon.status,
  ];
}
