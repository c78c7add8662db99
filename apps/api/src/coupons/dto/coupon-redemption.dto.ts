import type { CouponDuration } from '@app/catalog';
import type { CouponRedemption } from '@app/billing';
import { KeyField } from '../../http/input/fields.js';

export class RedeemCouponDto {
  /** Key of a coupon of the subscription's product. @example launch */
  @KeyField({ nonEmpty: true })
  coupon: string;
}

/** A coupon on a subscription, as it was when it was redeemed. */
export class CouponRedemptionDto {
  id: string;
  subscription: string;
  /** Key of the coupon. */
  coupon: string;
  name: string;
  percentOff: string | null;
  amountOff: number | null;
  currency: string | null;
  duration: CouponDuration;
  periods: number | null;
  /** Coupons lower an invoice in the order of their positions. */
  position: number;
  /** Billing periods that it has lowered. */
  periodsUsed: number;
  redeemedAt: Date;
  /** When it was used up or removed; null: it lowers the next period. */
  endedAt: Date | null;

  static of(redemption: CouponRedemption): CouponRedemptionDto {
    const { id, subscriptionId, coupon, position, periodsUsed, redeemedAt, endedAt } = redemption;
    const { key, name, percentOff, amountOff, currency, duration, periods } = coupon;
    const terms = { name, percentOff, amountOff, currency, duration, periods };
    return { id, subscription: subscriptionId, coupon: key, ...terms, position, periodsUsed, redeemedAt, endedAt };
  }
}

export class CouponRedemptionPageDto {
  data: CouponRedemptionDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
