import { Injectable } from '@nestjs/common';
import { CartOwner, CartReader } from '@app/cart';
import {
  ActiveCoupons,
  bestCoupons,
  Coupon,
  couponNotFound,
  CouponVerdict,
  judgeCoupons,
  OwnedCoupon,
  Place,
  Quote,
  ShopClock,
  UserCouponTable,
} from '@app/pricing';

/** Coupons beside a cart: what each would bring, and the best set of them. */
export interface CouponAdvice {
  verdicts: CouponVerdict[];
  best: { couponIds: string[]; discount: number };
}

/** The most coupons one answer offers. */
const MAX_OFFERED = 200;

/** Tells a shopper which coupons there are for a cart, and what they would bring. */
@Injectable()
export class CouponGuide {
  constructor(
    private readonly carts: CartReader,
    private readonly active: ActiveCoupons,
    private readonly owned: UserCouponTable,
    private readonly clock: ShopClock,
  ) {}

  /** Those a shopper has, the used and the expired too; a guest has none. */
  async ofShopper(owner: CartOwner): Promise<CouponAdvice> {
    if (owner.kind === 'guest') return { verdicts: [], best: { couponIds: [], discount: 0 } };
    const [{ quote }, coupons] = await Promise.all([this.carts.price(owner), this.owned.owned(owner.id)]);
    return advise(quote, coupons, this.clock.now());
  }

  /**
   * Those a shopper may claim that are about something in the cart, selected or not, or about the platform: at most 200,
   * those that bring most first.
   */
  async claimable(owner: CartOwner): Promise<CouponAdvice> {
    const [{ quote, places }, active] = await Promise.all([this.carts.price(owner), this.active.list()]);
    const offered = active.filter((coupon) => isAbout(coupon, places));
    const claimed = owner.kind === 'user' ? await this.owned.claimed(owner.id, offered.map(idOf)) : new Set<string>();
    const open = offered.filter((coupon) => !claimed.has(coupon.couponId));
    const now = this.clock.now();
    const verdicts = judgeCoupons(quote, open.map(asOwned), now).sort(byWorth).slice(0, MAX_OFFERED);
    return advise(
      quote,
      verdicts.map(({ coupon }) => coupon),
      now,
    );
  }

  /** A second claim changes nothing. Throws `COUPON_NOT_FOUND` for one that is not there to claim. */
  async claim(userId: string, couponId: string): Promise<void> {
    if (!(await this.owned.claim(userId, couponId))) throw couponNotFound([couponId]);
  }
}

function advise(quote: Quote, coupons: readonly OwnedCoupon[], now: number): CouponAdvice {
  return { verdicts: judgeCoupons(quote, coupons, now), best: bestCoupons(quote, coupons, now) };
}

function isAbout({ scope }: Coupon, places: readonly Place[]): boolean {
  if ('platform' in scope) return true;
  if ('shopId' in scope) return places.some(({ shopId }) => shopId === scope.shopId);
  return places.some(({ skuId }) => scope.skuIds.includes(skuId));
}

function asOwned(coupon: Coupon): OwnedCoupon {
  return { ...coupon, granted: 1, used: 0 };
}

function idOf({ couponId }: Coupon): string {
  return couponId;
}

function byWorth(a: CouponVerdict, b: CouponVerdict): number {
  return b.discount - a.discount || (a.coupon.couponId < b.coupon.couponId ? -1 : 1);
}
