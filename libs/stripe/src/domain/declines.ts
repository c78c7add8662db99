import type { ChargeOutcome } from '@app/billing';

/**
 * Declines after which the same card is never charged again: networks fine repeated attempts. All other declines are
 * retried by the schedule of the product.
 */
const HARD_DECLINES = new Set([
  'account_closed',
  'bank_account_unusable',
  'debit_not_authorized',
  'fraudulent',
  'highest_risk_level',
  'incorrect_number',
  'invalid_account',
  'invalid_number',
  'lost_card',
  'merchant_blacklist',
  'pickup_card',
  'restricted_card',
  'revocation_of_all_authorizations',
  'revocation_of_authorization',
  'security_violation',
  'stolen_card',
  'stop_payment_order',
  'transaction_not_allowed',
]);
const NEVER_AGAIN = 'do_not_try_again';

/** Requests that Stripe refuses because of the customer's data, not because of a mistake of this service. */
const HARD_REFUSALS = new Set([
  'amount_too_large',
  'amount_too_small',
  'charge_exceeds_transaction_limit',
  'expired_payment_method',
  'payment_method_currency_mismatch',
  'payment_method_restricted',
  'payment_method_unexpected_state',
  'payment_method_unsupported_type',
  'resource_missing',
]);

/** The fields of an error of Stripe that decide. */
export interface DeclineDetails {
  code?: string | null | undefined;
  decline_code?: string | null | undefined;
  advice_code?: string | null | undefined;
}

/** The outcome of a declined charge. The code of the issuer, where there is one, says more than Stripe's. */
export function declined(providerId: string | null, error: DeclineDetails): ChargeOutcome {
  const code = error.decline_code ?? error.code ?? 'card_declined';
  const hard =
    error.advice_code === NEVER_AGAIN || [error.decline_code, error.code].some((one) => HARD_DECLINES.has(one ?? ''));
  return { status: 'failed', providerId, code, hard };
}

/** The outcome of a refused request; null when this service made a mistake, or is not allowed to charge. */
export function refused(providerId: string | null, { code }: DeclineDetails): ChargeOutcome | null {
  return code && HARD_REFUSALS.has(code) ? { status: 'failed', providerId, code, hard: true } : null;
}

/** True when the bank wants the payer to confirm the payment. */
export const needsAuthentication = ({ code, decline_code: reason }: DeclineDetails): boolean =>
  code === 'authentication_required' || reason === 'authentication_required';
