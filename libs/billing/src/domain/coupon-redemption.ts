import type { Coupon } from '@app/catalog';
import { DomainError } from '@app/kernel';
import type { Subscription } from '@app/subscriptions';
import type { InvoiceLine, InvoicePurpose } from './invoice.js';

/** The terms of a coupon when it was redeemed. */
export type RedeemedCoupon = Pick<
  Coupon,
  'key' | 'name' | 'percentOff' | 'amountOff' | 'currency' | 'duration' | 'periods' | 'plans'
>;

/** A coupon on a subscription. */
export interface CouponRedemption {
  id: string;
  customerId: string;
  subscriptionId: string;
  productId: string;
  couponId: string;
  coupon: RedeemedCoupon;
  /** Coupons lower an invoice in the order of their positions. */
  position: number;
  /** Billing periods that it has lowered. */
  periodsUsed: number;
  /** Start of the last coupon period that it has lowered; null: none yet. */
  coveredPeriod: Date | null;
  redeemedAt: Date;
  /** When it was used up or removed: it lowers no further period. */
  endedAt: Date | null;
}

/** The invoice for which coupons are sought. */
export interface DiscountedInvoice {
  purpose: InvoicePurpose;
  /** Its billing instant. */
  at: Date;
  /** Start of its coupon period; null for a manual invoice. */
  couponPeriod: Date | null;
  /** Key of the plan of the subscription then. */
  planKey: string;
  currency: string;
}

/** The facts of a line that decide which coupons lower it. */
type DiscountedLine = Pick<InvoiceLine, 'plan' | 'couponPeriod'>;

const redeemedCoupon = ({
  key,
  name,
  percentOff,
  amountOff,
  currency,
  duration,
  periods,
  plans,
}: Coupon): RedeemedCoupon => ({ key, name, percentOff, amountOff, currency, duration, periods, plans });

/** A redemption of a coupon on a subscription, before it lowers anything. */
export const newRedemption = (
  coupon: Coupon,
  { id: subscriptionId, customerId, productId }: Pick<Subscription, 'id' | 'customerId' | 'productId'>,
  { id, position, at }: { id: string; position: number; at: Date },
): CouponRedemption => ({
  id,
  customerId,
  subscriptionId,
  productId,
  couponId: coupon.id,
  coupon: redeemedCoupon(coupon),
  position,
  periodsUsed: 0,
  coveredPeriod: null,
  redeemedAt: at,
  endedAt: null,
});

/** A redemption, and which lines of an invoice it lowers. */
export interface AppliedRedemption extends CouponRedemption {
  lowers: (line: DiscountedLine) => boolean;
}

/**
 * The redemptions that may lower an invoice, in their order. The lines of a period that begins have all that were
 * redeemed by then and have a period left. Other lines are parts of the price of a period: they have the percentages
 * that lowered it, and no amounts, because an amount is for the whole period. A percentage for certain plans lowers
 * their lines. Manual invoices have none.
 * @example appliedRedemptions(redemptions, { purpose: 'period', at, couponPeriod: at, planKey, currency: 'USD' })
 */
export function appliedRedemptions(
  redemptions: readonly CouponRedemption[],
  invoice: DiscountedInvoice,
): AppliedRedemption[] {
  if (invoice.purpose === 'manual') return [];
  return redemptions
    .map((redemption) => ({ ...redemption, lowers: linesLoweredBy(redemption, invoice) }))
    .sort((one, other) => one.position - other.position);
}

function linesLoweredBy(redemption: CouponRedemption, invoice: DiscountedInvoice): AppliedRedemption['lowers'] {
  const { couponPeriod, planKey } = invoice;
  const { amountOff, plans } = redemption.coupon;
  const lowersPeriod = isUsedBy(redemption, invoice);
  if (amountOff !== null) return () => lowersPeriod;
  const isOpen = isBeginning(invoice) && isRedeemed(redemption, invoice.at);
  return ({ plan, couponPeriod: other }) => {
    const isOwn = !other || isSame(other, couponPeriod);
    return (
      isFor(plans, plan?.key ?? planKey) &&
      ((isOwn && isOpen) || isSame(redemption.coveredPeriod, other ?? couponPeriod))
    );
  };
}

/** True when the invoice of a period that begins uses one period of the redemption up. */
export function isUsedBy(redemption: CouponRedemption, invoice: DiscountedInvoice): boolean {
  const { plans, amountOff, currency } = redemption.coupon;
  return (
    isBeginning(invoice) &&
    isRedeemed(redemption, invoice.at) &&
    isFor(plans, invoice.planKey) &&
    (amountOff === null || currency === invoice.currency)
  );
}

/** True for the first invoice of a coupon period. */
const isBeginning = ({ purpose, at, couponPeriod }: DiscountedInvoice): boolean =>
  purpose === 'period' && isSame(couponPeriod, at);
const isRedeemed = ({ redeemedAt, endedAt }: CouponRedemption, at: Date): boolean =>
  redeemedAt <= at && (endedAt === null || endedAt > at);
const isFor = (plans: string[] | null, planKey: string): boolean => plans === null || plans.includes(planKey);
const isSame = (one: Date | null, other: Date | null): boolean =>
  one !== null && other !== null && one.getTime() === other.getTime();

/** The redemption after it has lowered the coupon period that begins at `at`. The same one again changes nothing. */
export function afterPeriod(redemption: CouponRedemption, at: Date): CouponRedemption {
  if (isSame(redemption.coveredPeriod, at)) return redemption;
  const { endedAt, coupon } = redemption;
  const periodsUsed = redemption.periodsUsed + 1;
  const most = { once: 1, repeating: coupon.periods ?? 1, forever: Infinity }[coupon.duration];
  return { ...redemption, periodsUsed, coveredPeriod: at, endedAt: endedAt ?? (periodsUsed >= most ? at : null) };
}

/**
 * Refuses a coupon that this subscription may not redeem now.
 * @throws DomainError `coupon_expired`, `coupon_used_up`, `coupon_not_for_plan`, `coupon_in_other_currency`
 */
export function assertRedeemable(
  { redeemBy, plans, currency, redemptions, maxRedemptions }: Coupon,
  subscription: Pick<Subscription, 'planKey' | 'price'>,
  now: Date,
): void {
  const refuse = (code: string, message: string): never => {
    throw new DomainError('conflict', code, message);
  };
  if (redeemBy !== null && redeemBy <= now.toISOString())
    refuse('coupon_expired', `This coupon could be redeemed until ${redeemBy}.`);
  if (maxRedemptions !== null && redemptions >= maxRedemptions)
    refuse('coupon_used_up', 'This coupon has been redeemed as often as it may be.');
  if (plans !== null && !plans.includes(subscription.planKey))
    refuse('coupon_not_for_plan', `This coupon is not for the plan "${subscription.planKey}".`);
  if (currency !== null && currency !== subscription.price.currency)
    refuse(
      'coupon_in_other_currency',
      `This coupon is in ${currency}, the subscription in ${subscription.price.currency}.`,
    );
}
