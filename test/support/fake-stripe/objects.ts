import { randomBytes } from 'node:crypto';
import type Stripe from 'stripe';

/** Objects in the shapes of Stripe. The types of the package check that no member is missing or misspelt. */

export const newStripeId = (prefix: string): string => `${prefix}_${randomBytes(12).toString('hex')}`;
export const seconds = (): number => Math.floor(Date.now() / 1_000);

/** The behavior of a test card when it is charged. */
export type CardBehavior =
  | 'succeeds'
  | 'insufficient_funds'
  | 'stolen_card'
  | 'do_not_try_again'
  | 'authentication_required'
  | 'processing'
  | 'disputed';

/** The last digits of the test cards that Stripe documents for these behaviors. */
export const LAST4: Record<CardBehavior, string> = {
  succeeds: '4242',
  insufficient_funds: '9995',
  stolen_card: '9979',
  do_not_try_again: '0002',
  authentication_required: '3184',
  processing: '0077',
  disputed: '0259',
};

export const customer = (email: string | null, metadata: Stripe.Metadata): Stripe.Customer => ({
  id: newStripeId('cus'),
  object: 'customer',
  balance: 0,
  created: seconds(),
  default_source: null,
  description: null,
  email,
  invoice_settings: {
    custom_fields: null,
    default_payment_method: null,
    footer: null,
    rendering_options: null,
  },
  livemode: false,
  metadata,
  shipping: null,
});

export const paymentMethod = (owner: string, behavior: CardBehavior): Stripe.PaymentMethod => ({
  id: newStripeId('pm'),
  object: 'payment_method',
  billing_details: { address: null, email: null, name: null, phone: null, tax_id: null },
  card: {
    brand: 'visa',
    checks: null,
    country: 'US',
    display_brand: 'visa',
    exp_month: 8,
    exp_year: 2099,
    funding: 'credit',
    generated_from: null,
    last4: LAST4[behavior],
    networks: { available: ['visa'], preferred: null },
    regulated_status: null,
    three_d_secure_usage: { supported: true },
    wallet: null,
  },
  created: seconds(),
  customer: owner,
  customer_account: null,
  livemode: false,
  metadata: {},
  type: 'card',
});

export const setupIntent = (owner: string, metadata: Stripe.Metadata): Stripe.SetupIntent => ({
  id: newStripeId('seti'),
  object: 'setup_intent',
  allowed_payment_method_types: null,
  application: null,
  automatic_payment_methods: null,
  cancellation_reason: null,
  client_secret: null,
  created: seconds(),
  customer: owner,
  description: null,
  excluded_payment_method_types: null,
  last_setup_error: null,
  latest_attempt: null,
  livemode: false,
  mandate: null,
  metadata,
  next_action: null,
  on_behalf_of: null,
  payment_method: null,
  payment_method_configuration_details: null,
  payment_method_options: null,
  payment_method_types: ['card'],
  single_use_mandate: null,
  status: 'requires_payment_method',
  usage: 'off_session',
});

export const checkoutSession = (
  given: Pick<Stripe.Checkout.Session, 'customer' | 'currency' | 'client_reference_id' | 'success_url' | 'cancel_url'>,
  setup: string,
): Stripe.Checkout.Session => {
  const id = newStripeId('cs_test');
  return {
    ...given,
    id,
    object: 'checkout.session',
    adaptive_pricing: null,
    after_expiration: null,
    allow_promotion_codes: null,
    allowed_payment_method_types: null,
    amount_subtotal: null,
    amount_total: null,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: null,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    created: seconds(),
    currency_conversion: null,
    custom_fields: [],
    custom_text: {
      after_submit: null,
      shipping_address: null,
      submit: null,
      terms_of_service_acceptance: null,
    },
    customer_account: null,
    customer_creation: null,
    customer_details: null,
    customer_email: null,
    discounts: null,
    expires_at: seconds() + 86_400,
    integration_identifier: null,
    invoice: null,
    invoice_creation: null,
    livemode: false,
    locale: null,
    managed_payments: null,
    metadata: {},
    mode: 'setup',
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_collection: null,
    payment_method_configuration_details: null,
    payment_method_options: null,
    payment_method_types: ['card'],
    payment_status: 'no_payment_required',
    permissions: null,
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: setup,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: 'open',
    submit_type: null,
    subscription: null,
    total_details: null,
    ui_mode: 'hosted_page',
    url: `https://checkout.stripe.com/c/pay/${id}`,
    wallet_options: null,
  };
};

export const paymentIntent = (
  given: Pick<Stripe.PaymentIntent, 'amount' | 'currency' | 'customer' | 'description' | 'metadata' | 'payment_method'>,
): Stripe.PaymentIntent => ({
  ...given,
  id: newStripeId('pi'),
  object: 'payment_intent',
  allowed_payment_method_types: null,
  amount_capturable: 0,
  amount_received: 0,
  application: null,
  application_fee_amount: null,
  automatic_payment_methods: { enabled: true },
  canceled_at: null,
  cancellation_reason: null,
  capture_method: 'automatic',
  client_secret: null,
  confirmation_method: 'automatic',
  created: seconds(),
  customer_account: null,
  excluded_payment_method_types: null,
  last_payment_error: null,
  latest_charge: null,
  livemode: false,
  managed_payments: null,
  next_action: null,
  on_behalf_of: null,
  payment_method_configuration_details: null,
  payment_method_options: null,
  payment_method_types: ['card'],
  payment_record: null,
  processing: null,
  receipt_email: null,
  review: null,
  setup_future_usage: null,
  shipping: null,
  source: null,
  statement_descriptor: null,
  statement_descriptor_suffix: null,
  status: 'requires_payment_method',
  transfer_group: null,
});

export const charge = (intent: Stripe.PaymentIntent): Stripe.Charge => ({
  id: newStripeId('ch'),
  object: 'charge',
  amount: intent.amount,
  amount_captured: intent.amount,
  amount_refunded: 0,
  application: null,
  application_fee: null,
  application_fee_amount: null,
  balance_transaction: null,
  billing_details: { address: null, email: null, name: null, phone: null, tax_id: null },
  calculated_statement_descriptor: null,
  captured: true,
  created: seconds(),
  currency: intent.currency,
  customer: intent.customer,
  description: intent.description,
  disputed: false,
  failure_balance_transaction: null,
  failure_code: null,
  failure_message: null,
  fraud_details: {},
  livemode: false,
  metadata: intent.metadata,
  on_behalf_of: null,
  outcome: null,
  paid: true,
  payment_intent: intent.id,
  payment_method: intent.payment_method as string,
  payment_method_details: null,
  receipt_email: null,
  receipt_number: null,
  receipt_url: null,
  refunded: false,
  review: null,
  shipping: null,
  source: null,
  source_transfer: null,
  statement_descriptor: null,
  statement_descriptor_suffix: null,
  status: 'succeeded',
  transfer_data: null,
  transfer_group: null,
});

export const refund = (
  { id, currency, customer: owner, latest_charge: charged, payment_method: method }: Stripe.PaymentIntent,
  amount: number,
  metadata: Stripe.Metadata,
): Stripe.Refund => ({
  id: newStripeId('re'),
  object: 'refund',
  amount,
  balance_transaction: null,
  charge: charged,
  created: seconds(),
  currency,
  customer: owner,
  customer_account: null,
  metadata,
  payment_intent: id,
  payment_method: method,
  reason: null,
  receipt_number: null,
  source_transfer_reversal: null,
  status: 'succeeded',
  transfer_reversal: null,
});

/** The members of a dispute that say what it is about. Its evidence is empty. */
export const dispute = (intent: Stripe.PaymentIntent): object => ({
  id: newStripeId('dp'),
  object: 'dispute',
  amount: intent.amount,
  charge: intent.latest_charge,
  created: seconds(),
  currency: intent.currency,
  is_charge_refundable: true,
  livemode: false,
  metadata: {},
  payment_intent: intent.id,
  reason: 'fraudulent',
  status: 'needs_response',
});

export interface FakeEvent {
  id: string;
  object: 'event';
  api_version: string;
  created: number;
  data: { object: object };
  livemode: boolean;
  pending_webhooks: number;
  request: { id: string | null; idempotency_key: string | null };
  type: string;
  account?: string;
}

/** An event with a copy of the object, as it is at that moment. */
export const event = (type: string, object: object): FakeEvent => ({
  id: newStripeId('evt'),
  object: 'event',
  api_version: '2026-10-28.endive',
  created: seconds(),
  data: { object: structuredClone(object) },
  livemode: false,
  pending_webhooks: 1,
  request: { id: null, idempotency_key: null },
  type,
});
