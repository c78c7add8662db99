import { isDeepStrictEqual } from 'node:util';
import type { Actor } from '@app/kernel';
import type { ChangeSelection, SoldPlan, SubscribeRequest, Subscription } from '@app/subscriptions';

/** When a new subscription or an upgrade takes effect: immediately, or when its first invoice is paid. */
export const PAYMENT_BEHAVIORS = ['default', 'pay_first'] as const;
export type PaymentBehavior = (typeof PAYMENT_BEHAVIORS)[number];

/**
 * `open`: it waits for the payment. `completed`: the subscription started or changed. `expired`: it was not paid in
 * time. `failed`: it was paid, but could not start or change any more; the money is in the credit balance.
 */
export const CHECKOUT_STATUSES = ['open', 'completed', 'expired', 'failed'] as const;
export type CheckoutStatus = (typeof CHECKOUT_STATUSES)[number];

/** The plan and price that are sold: they must be the same when the invoice is paid. */
export type Quote = Pick<SoldPlan, 'planKey' | 'planVersion' | 'price'>;

/** The command that is run when the invoice is paid. Dates are JSON texts. */
export type CheckoutRequest = { actor: Actor; quote: Quote } & (
  { kind: 'start'; wanted: WantedStart } | { kind: 'change'; wanted: ChangeSelection; version: number }
);

/** A new subscription without its customer, product and actor. Instants are RFC 3339. */
export type WantedStart = Pick<
  SubscribeRequest,
  'selection' | 'quantity' | 'trialDays' | 'autoRenew' | 'indefinite'
> & {
  billingAnchor?: string;
  endsAt?: string;
};

/** A new subscription or a change that waits for the payment of its first invoice. */
export interface Checkout {
  id: string;
  customerId: string;
  productId: string;
  testClockId: string | null;
  /** The subscription that changes, or the one that will start. */
  subscriptionId: string;
  invoiceId: string;
  kind: 'start' | 'change';
  request: CheckoutRequest;
  status: CheckoutStatus;
  /** The event of the subscription that the invoice has charged already. */
  billedSequence: number | null;
  expiresAt: Date;
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

/** A checkout is given up after this. Hours. */
export const CHECKOUT_HOURS = 23;
const HOUR_MS = 3_600_000;

/** When a checkout is given up: after 23 hours, for a change no later than at the end of the period. */
export function checkoutExpiry(now: Date, periodEnd: Date | null): Date {
  const latest = new Date(now.getTime() + CHECKOUT_HOURS * HOUR_MS);
  return periodEnd && periodEnd > now && periodEnd < latest ? periodEnd : latest;
}

export const quoteOf = ({ planKey, planVersion, price }: Subscription): Quote => ({ planKey, planVersion, price });

/** True when a subscription would be sold as it was quoted. */
export const isQuoted = (quote: Quote, subscription: Subscription): boolean =>
  isDeepStrictEqual(quote, JSON.parse(JSON.stringify(quoteOf(subscription))));

/** The checkout after it has ended. */
export const closed = (
  checkout: Checkout,
  status: Exclude<CheckoutStatus, 'open'>,
  { now, billedSequence = null }: { now: Date; billedSequence?: number | null },
): Checkout => ({ ...checkout, status, billedSequence, version: checkout.version + 1, updatedAt: now });

/** A checkout as events contain it. */
export const checkoutPayload = ({ subscriptionId, invoiceId, kind, status, expiresAt, version }: Checkout): object => ({
  subscription: subscriptionId,
  invoice: invoiceId,
  kind,
  status,
  expiresAt,
  version,
});
