import type { ChargeOutcome, ProviderCharge, ProviderMethod, ProviderRefund, RefundOutcome } from '@app/billing';
import type Stripe from 'stripe';
import { amountFromStripe } from './amounts.js';
import { declined, needsAuthentication } from './declines.js';

/** Member of the metadata that has the idempotency key of the request: objects are found by it. */
export const KEY = 'key';
/** Time for the two requests of a charge that the payer must confirm, with a margin. */
const CONFIRMATION_MS = 120_000;
const PENDING = new Set(['processing', 'requires_capture']);
const REFUND_PENDING = new Set<string | null>(['pending', 'requires_action']);

const idOf = (reference: string | { id: string } | null): string | null =>
  typeof reference === 'string' ? reference : (reference?.id ?? null);

/** The outcome of a payment intent. It is never confirmed again after a failure: the next attempt makes another one. */
export function chargeOutcome(intent: Stripe.PaymentIntent): ChargeOutcome {
  const { id: providerId, status } = intent;
  if (status === 'succeeded') return { status: 'succeeded', providerId };
  if (PENDING.has(status)) return { status: 'pending', providerId };
  if (status === 'requires_action')
    return { status: 'requires_action', providerId, actionUrl: intent.next_action?.redirect_to_url?.url ?? null };
  if (status === 'canceled') return { status: 'failed', providerId, code: 'canceled', hard: false };
  return declined(providerId, intent.last_payment_error ?? { code: 'not_confirmed' });
}

/**
 * A payment intent with its latest charge expanded, and its refunds. A required confirmation is no failure while
 * the request for it may still be under way.
 */
export function providerCharge(intent: Stripe.PaymentIntent, refunds: Stripe.Refund[], now: Date): ProviderCharge {
  const currency = intent.currency.toUpperCase();
  const { invoice, payment, customer } = intent.metadata;
  const listed = refunds.map(providerRefund);
  const charge = typeof intent.latest_charge === 'string' ? null : intent.latest_charge;
  const { id: providerId } = intent;
  return {
    outcome: isAboutToBeConfirmed(intent, now) ? { status: 'pending', providerId } : chargeOutcome(intent),
    amount: amountFromStripe(intent.amount, currency),
    currency,
    metadata: { ...(invoice && { invoice }), ...(payment && { payment }), ...(customer && { customer }) },
    refunded: listed.reduce((sum, { outcome, amount }) => sum + (outcome.status === 'succeeded' ? amount : 0), 0),
    refunds: listed,
    disputed: charge?.disputed ?? false,
  };
}

function isAboutToBeConfirmed(
  { status, created, last_payment_error: error }: Stripe.PaymentIntent,
  now: Date,
): boolean {
  if (status !== 'requires_payment_method' || !error || !needsAuthentication(error)) return false;
  return now.getTime() - created * 1_000 < CONFIRMATION_MS;
}

const providerRefund = (refund: Stripe.Refund): ProviderRefund => ({
  outcome: refundOutcome(refund),
  amount: amountFromStripe(refund.amount, refund.currency.toUpperCase()),
  idempotencyKey: refund.metadata?.[KEY] ?? null,
});

/** The outcome of a refund. */
export function refundOutcome({ id, status, failure_reason: reason }: Stripe.Refund): RefundOutcome {
  if (status === 'succeeded') return { status, providerId: id };
  if (REFUND_PENDING.has(status)) return { status: 'pending', providerId: id };
  return { status: 'failed', providerId: id, code: reason ?? status ?? 'failed' };
}

/** A payment method: brand and expiry of cards, the last digits of cards and bank accounts. */
export function providerMethod(method: Stripe.PaymentMethod): ProviderMethod {
  const { id, type, customer, card, sepa_debit: sepa, us_bank_account: bank } = method;
  return {
    providerId: id,
    account: idOf(customer),
    type,
    brand: card ? (card.display_brand ?? card.brand) : null,
    last4: (card ?? sepa ?? bank)?.last4 ?? null,
    expiresMonth: card?.exp_month ?? null,
    expiresYear: card?.exp_year ?? null,
  };
}

/** The payment method that a checkout session in setup mode stored; null while it is not completed. */
export function methodOfSession({ status, setup_intent: setup }: Stripe.Checkout.Session): ProviderMethod | null {
  if (status !== 'complete' || typeof setup === 'string' || setup?.status !== 'succeeded') return null;
  const method = setup.payment_method;
  return method && typeof method !== 'string' ? providerMethod(method) : null;
}
