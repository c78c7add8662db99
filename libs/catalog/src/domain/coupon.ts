import { MAX_AMOUNT, isCurrency, parseInstant } from '@app/kernel';
import { z } from 'zod';
import { percentage } from './decimal.js';
import { exactly, invalid, oneOf, problemsOf, whole } from './schema.js';

/** For how many periods of a subscription a coupon counts. */
export const COUPON_DURATIONS = ['once', 'repeating', 'forever'] as const;
export type CouponDuration = (typeof COUPON_DURATIONS)[number];

/** The terms of a coupon. Redemptions copy it: a later change of the coupon does not reach them. */
export interface CouponContent {
  name: string;
  /** Decimal from `0.01` to `100`; null: an amount is taken off. */
  percentOff: string | null;
  /** Minor units; null: a percentage is taken off. */
  amountOff: number | null;
  /** Of the amount; null with a percentage. */
  currency: string | null;
  duration: CouponDuration;
  /** Only of a repeating coupon. */
  periods: number | null;
  /** The most redemptions by all subscriptions together; null: any number. */
  maxRedemptions: number | null;
  /** First instant at which it is not redeemed any more, as RFC 3339 in UTC; null: never. */
  redeemBy: string | null;
  /** Keys of the plans whose subscriptions may redeem it; null: all. */
  plans: string[] | null;
}

/** A coupon of a product. */
export interface Coupon extends CouponContent {
  id: string;
  productId: string;
  key: string;
  /** Redemptions so far, also those that ended. */
  redemptions: number;
  archivedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** A coupon in the form of requests. */
export type RawCoupon = Partial<CouponContent> & { name: string };

const MAX_PERIODS = 120;
const MAX_REDEMPTIONS = 2_147_483_647;
const MAX_PLANS = 500;

/** An instant in the form in which it is stored and compared. */
export const instantText = z
  .string('must be a time in RFC 3339')
  .refine((text) => parseInstant(text) !== null, 'must be a time in RFC 3339')
  .transform((text) => parseInstant(text)!.toISOString());

const COUPON = exactly({
  name: z.string(),
  percentOff: percentage({ places: 2, least: 1n, message: 'must be a decimal text from 0.01 to 100' })
    .nullable()
    .default(null),
  amountOff: whole('must be a whole number of 1 or more', 1, MAX_AMOUNT).nullable().default(null),
  currency: z.custom<string>(isCurrency, 'must be an ISO 4217 code such as USD').nullable().default(null),
  duration: oneOf(COUPON_DURATIONS).default('once'),
  periods: whole(`must be 1 to ${MAX_PERIODS}`, 1, MAX_PERIODS).nullable().default(null),
  maxRedemptions: whole(`must be 1 to ${MAX_REDEMPTIONS}`, 1, MAX_REDEMPTIONS).nullable().default(null),
  redeemBy: instantText.nullable().default(null),
  plans: z
    .array(z.string('must be the key of a plan'), 'must be a list of keys of plans')
    .min(1, 'must name a plan, or be null for all')
    .max(MAX_PLANS, `must have at most ${MAX_PLANS} keys`)
    .nullable()
    .default(null),
}).superRefine(({ percentOff, amountOff, currency, duration, periods }, context) => {
  const problem = (field: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [field], message });
  if ((percentOff === null) === (amountOff === null)) problem('percentOff', 'must be given, or else amountOff');
  if ((amountOff === null) !== (currency === null))
    problem('currency', 'belongs to amountOff, and is required with it');
  if ((duration === 'repeating') !== (periods !== null))
    problem('periods', 'belongs to the duration repeating, and is required with it');
});

/**
 * Checks a coupon and returns its canonical form.
 * @param plans keys of the plans of its product
 * @param path prefix of the fields in errors, such as `coupons.0.`
 * @throws DomainError `invalid_fields` with every field that is wrong
 */
export function checkCoupon(raw: RawCoupon, plans: ReadonlySet<string>, path = ''): CouponContent {
  const { data, error } = COUPON.safeParse(raw);
  if (error) throw invalid(problemsOf(error, path));
  const unknown = (data.plans ?? []).flatMap((key, index) =>
    plans.has(key) ? [] : [{ field: `${path}plans.${index}`, message: 'must be the key of a plan of this product' }],
  );
  if (unknown.length > 0) throw invalid(unknown);
  return data;
}

export const couponContent = ({
  name,
  percentOff,
  amountOff,
  currency,
  duration,
  periods,
  maxRedemptions,
  redeemBy,
  plans,
}: CouponContent): CouponContent => ({
  name,
  percentOff,
  amountOff,
  currency,
  duration,
  periods,
  maxRedemptions,
  redeemBy,
  plans,
});
