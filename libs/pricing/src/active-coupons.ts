import { Injectable } from '@nestjs/common';
import { CouponTable } from './coupon.table.js';
import type { Coupon } from './engine/coupon.js';

/** A change by another instance shows within a second. */
const TTL_MS = 900;

/** The active coupons, read when somebody asks and kept for less than a second: all who ask meanwhile share one look. */
@Injectable()
export class ActiveCoupons {
  private kept: { until: number; coupons: Promise<readonly Coupon[]> } | undefined;

  constructor(private readonly table: CouponTable) {}

  list(): Promise<readonly Coupon[]> {
    if (this.kept && performance.now() < this.kept.until) return this.kept.coupons;
    const kept = { until: performance.now() + TTL_MS, coupons: this.table.active() };
    this.kept = kept;
    // Whoever asks next looks again.
    kept.coupons.catch(() => (this.kept = this.kept === kept ? undefined : this.kept));
    return kept.coupons;
  }

  /** Inserts or replaces coupons, at once on this instance. */
  async upsert(coupons: readonly Coupon[]): Promise<void> {
    await this.table.upsert(coupons);
    this.kept = undefined;
  }
}
