import { Injectable } from '@nestjs/common';

/**
 * The clock of the database as this process last saw it: what is shown of promotions and coupons begins and ends with
 * what is ordered, whatever the clock of this machine says.
 */
@Injectable()
export class ShopClock {
  /** What it showed when the steady clock of the process was at zero, ms since 1970. */
  private zero = Date.now() - performance.now();

  now(): number {
    return Math.floor(this.zero + performance.now());
  }

  /** It showed `at` at a moment of `performance.now()`. */
  set(at: number, moment: number): void {
    this.zero = at - moment;
  }
}
