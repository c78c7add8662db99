import { declareEvents, type EventDescription } from '@app/events';

const AUGUST = '2026-08-14T09:30:00.000Z';
const SEPTEMBER = '2026-09-14T09:30:00.000Z';
const OCTOBER = '2026-10-14T09:30:00.000Z';
/** The payload of invoice events. */
const INVOICE = {
  number: 'INV-2026-000123',
  status: 'open',
  subscription: '01998a4e-8000-7000-8000-000000000004',
  purpose: 'period',
  currency: 'USD',
  subtotal: 2999,
  discountTotal: 0,
  taxTotal: 570,
  total: 3569,
  credited: 0,
  paid: 0,
  due: 3569,
  periodStart: AUGUST,
  periodEnd: SEPTEMBER,
  issuedAt: AUGUST,
  dueAt: AUGUST,
  paidAt: null,
  version: 2,
};
const invoice = (summary: string, after: object, before?: object): EventDescription => ({
  subject: 'invoice',
  summary,
  before,
  after: { ...INVOICE, ...after },
});

const REDEMPTION = {
  subscription: '01998a4e-8000-7000-8000-000000000004',
  coupon: 'launch',
  position: 1,
  periodsUsed: 0,
};
const PROFILE = { country: 'DE', taxExempt: 'none', collection: 'charge_automatically', netDays: null, language: 'de' };
/** The payload of payment method events: no more of a card than its last digits. */
const METHOD = {
  provider: 'stripe',
  type: 'card',
  brand: 'visa',
  last4: '4242',
  expiresMonth: 8,
  expiresYear: 2026,
  isDefault: true,
};
const method = (summary: string, after: object | null, before?: object): EventDescription => ({
  subject: 'payment_method',
  summary,
  ...(before && { before }),
  ...(after && { after: { ...METHOD, ...after } }),
});

/** The payload of payment events. */
const PAYMENT = {
  invoice: '01998a4e-8000-7000-8000-000000000005',
  provider: 'stripe',
  attempt: 1,
  amount: 3569,
  refunded: 0,
  currency: 'USD',
  status: 'succeeded',
  failureCode: null,
};
const payment = (summary: string, after: object, before?: object): EventDescription => ({
  subject: 'payment',
  summary,
  ...(before && { before }),
  after: { ...PAYMENT, ...after },
});
const REFUND = {
  refund: '01998a4e-8000-7000-8000-000000000006',
  refundAmount: 1000,
  creditNote: '01998a4e-8000-7000-8000-000000000007',
};

const CHECKOUT = {
  subscription: '01998a4e-8000-7000-8000-000000000004',
  invoice: '01998a4e-8000-7000-8000-000000000005',
  kind: 'start',
  status: 'open',
  expiresAt: '2026-08-15T08:30:00.000Z',
  version: 1,
};
const checkout = (summary: string, status: string): EventDescription => ({
  subject: 'checkout',
  summary,
  ...(status === 'open' ? {} : { before: { status: 'open' } }),
  after: { ...CHECKOUT, status, version: status === 'open' ? 1 : 2 },
});

/** Events of billing. */
export const BILLING_EVENTS = declareEvents({
  'checkout.created': checkout(
    'A subscription, or an upgrade of one, waits for the payment of its first invoice.',
    'open',
  ),
  'checkout.completed': checkout(
    'The invoice of a checkout was paid: the subscription started or changed.',
    'completed',
  ),
  'checkout.expired': checkout('A checkout was not paid in time and was given up.', 'expired'),
  'checkout.failed': checkout(
    'A checkout was paid, but its subscription could not start or change any more, as `reason` says. The money is in the credit balance.',
    'failed',
  ),
  'invoice.created': invoice('A draft of an invoice was created.', {
    number: null,
    status: 'draft',
    issuedAt: null,
    dueAt: null,
    version: 1,
  }),
  'invoice.upcoming': {
    subject: 'upcoming_invoice',
    summary:
      'The next period of a subscription begins in seven days, or in one day when periods are short; this invoice would come then, by the usage, coupons and taxes of now. Nothing is stored of it: the id of the subject names only this notice.',
    after: {
      subscription: '01998a4e-8000-7000-8000-000000000004',
      currency: 'USD',
      subtotal: 2999,
      discountTotal: 0,
      taxTotal: 570,
      total: 3569,
      due: 3569,
      periodStart: SEPTEMBER,
      periodEnd: OCTOBER,
      lines: [
        {
          kind: 'subscription',
          description: 'Pro',
          quantity: 1,
          amount: 2999,
          periodStart: SEPTEMBER,
          periodEnd: OCTOBER,
        },
      ],
    },
  },
  'invoice.finalized': invoice('An invoice was finalized: it has a number and never changes.', {}, { status: 'draft' }),
  'invoice.paid': invoice(
    'An invoice was paid in full.',
    { status: 'paid', paid: 3569, due: 0, paidAt: AUGUST },
    { status: 'open', paid: 0, due: 3569 },
  ),
  'invoice.payment_failed': invoice('An attempt to collect an invoice failed; `failureCode` says why.', {
    failureCode: 'card_declined',
  }),
  'invoice.payment_action_required': invoice('The payer must confirm a payment at `actionUrl`.', {
    actionUrl: 'https://pay.example.com/confirm/1',
  }),
  'invoice.voided': invoice(
    'An invoice was voided: nothing is due, its number stays.',
    { status: 'void', due: 0 },
    {
      status: 'open',
      due: 3569,
    },
  ),
  'invoice.marked_uncollectible': invoice(
    'An invoice was marked as uncollectible; a later payment is still possible.',
    { status: 'uncollectible' },
    { status: 'open' },
  ),
  'payment.succeeded': payment('A payment succeeded.', {}, { status: 'pending' }),
  'payment.failed': payment(
    'A payment failed; `hard` says that the payment method was declined permanently.',
    { status: 'failed', failureCode: 'insufficient_funds', hard: false },
    { status: 'pending' },
  ),
  'payment.refund_requested': payment(
    'A refund of what no invoice needed was requested; the amount was taken from the credit balance. Other refunds have a credit note instead.',
    { refunded: 1000, refundAmount: 1000 },
  ),
  'payment.refunded': payment('A refund of a payment succeeded.', {
    status: 'partially_refunded',
    refunded: 1000,
    ...REFUND,
  }),
  'payment.refund_failed': payment(
    'The provider could not pay a refund back; the amount was moved to the credit balance of the customer.',
    { ...REFUND, refundFailureCode: 'charge_not_refundable' },
  ),
  'payment.disputed': payment('The payer disputes a payment at its bank. No amount of this service changes.', {}),
  'payment.reconciled': payment(
    'A payment differed from the provider and was corrected, because an event of the provider was missed.',
    {},
    { status: 'pending', refunded: 0 },
  ),
  'credit_note.created': {
    subject: 'credit_note',
    summary: 'A credit note was issued against an invoice.',
    after: {
      number: 'CN-2026-000012',
      invoice: '01998a4e-8000-7000-8000-000000000005',
      currency: 'USD',
      subtotal: 840,
      taxTotal: 160,
      total: 1000,
      dueAmount: 0,
      refundAmount: 1000,
      balanceAmount: 0,
    },
  },
  'coupon_redemption.created': {
    subject: 'coupon_redemption',
    summary: 'A coupon was put on a subscription.',
    after: REDEMPTION,
  },
  'coupon_redemption.ended': {
    subject: 'coupon_redemption',
    summary: 'A coupon on a subscription was used up or removed, as `reason` says; it lowers no further period.',
    after: { ...REDEMPTION, periodsUsed: 3 },
  },
  'billing_profile.updated': {
    subject: 'billing_profile',
    summary: 'The billing profile of a customer was stored. Names, addresses and tax ids are not part of the event.',
    before: { ...PROFILE, language: 'en', version: 1 },
    after: { ...PROFILE, version: 2 },
  },
  'payment_method.added': method('A payment method was stored.', {}),
  'payment_method.updated': method(
    'The provider renewed a card, such as its expiry date.',
    { expiresYear: 2030 },
    { expiresYear: 2026 },
  ),
  'payment_method.default_changed': method(
    'A payment method became the default of its customer.',
    { isDefault: true },
    { isDefault: false },
  ),
  'payment_method.expiring': method('A card expires within 30 days, or has expired.', {}),
  'payment_method.removed': method('A payment method was removed: it is no longer charged.', null, METHOD),
});

declare module '@app/events' {
  interface DeclaredEvents {
    billing: typeof BILLING_EVENTS;
  }
}
