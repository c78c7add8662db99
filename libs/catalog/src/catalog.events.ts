import { declareEvents } from '@app/events';

const CONTENT = {
  name: 'Pro',
  description: '',
  trialDays: 14,
  prices: [{ interval: 'month', intervalCount: 1, amount: 2999, currency: 'USD' }],
  entitlements: [{ feature: 'sso', type: 'boolean', value: true }],
};
const ADD_ON = {
  key: 'five-seats',
  name: 'Five seats',
  description: '',
  prices: CONTENT.prices,
  entitlements: [{ feature: 'seats', type: 'metered', limit: 5, window: 'none', overage: 'deny' }],
  archivedAt: null,
};
const COUPON = {
  key: 'launch',
  name: 'Launch',
  percentOff: '20',
  amountOff: null,
  currency: null,
  duration: 'repeating',
  periods: 3,
  maxRedemptions: 100,
  redeemBy: '2027-01-01T00:00:00.000Z',
  plans: ['pro'],
  archivedAt: null,
};
const TAX_RATE = {
  key: 'de-vat',
  name: 'VAT',
  percentage: '19',
  inclusive: false,
  country: 'DE',
  region: null,
  validFrom: null,
  validUntil: null,
  appliesTo: null,
  archivedAt: null,
};
const BILLING = {
  provider: 'sandbox',
  prorationBilling: 'immediately',
  usageGraceHours: 1,
  netDays: 14,
  invoiceNumberFormat: 'INV-{year}-{number}',
  creditNoteNumberFormat: 'CN-{year}-{number}',
  dunning: { retryDays: [1, 3, 5, 7], finally: 'cancel' },
  pastDueGraceDays: 7,
  zeroInvoices: false,
  language: 'en',
  cancellationCredit: 'balance',
  seller: { name: 'API', address: null, taxId: null, email: null, paymentDetails: null },
};
const PORTAL = {
  name: 'API',
  logoUrl: 'https://cdn.example.com/logo.svg',
  colors: { accent: '#1d4ed8', background: '#ffffff', text: '#111827' },
  allowedReturnUrls: ['https://app.example.com/billing'],
};
const FEATURE = { key: 'api_calls', name: 'API calls', unit: 'call', failurePolicy: null };
const MIGRATION = {
  key: 'pro',
  move: '01998a4e-8000-7000-8000-00000000000d',
  version: 3,
  atPeriodEnd: true,
  moved: 0,
  skipped: 0,
  total: 120,
};

/** Events of products, features and plans. */
export const CATALOG_EVENTS = declareEvents({
  'product.created': { subject: 'product', summary: 'A product was created.', after: { key: 'api', name: 'API' } },
  'product.updated': {
    subject: 'product',
    summary: 'A product was renamed or restored.',
    before: { key: 'api', name: 'API' },
    after: { key: 'api', name: 'The API' },
  },
  'product.archived': {
    subject: 'product',
    summary: 'A product was archived.',
    before: { key: 'api', name: 'API' },
    after: { key: 'api', name: 'API' },
  },
  'product.assignment_changed': {
    subject: 'product',
    summary: 'The rules that assign plans to new customers were changed.',
    before: { rules: [{ plan: 'free', region: null, deviceType: null }] },
    after: {
      rules: [
        { plan: 'free', region: null, deviceType: null },
        { plan: 'mobile', region: null, deviceType: 'ios' },
      ],
    },
  },
  'product.billing_changed': {
    subject: 'product',
    summary: 'Billing of a product was switched on, changed or switched off.',
    before: { key: 'api', billing: null },
    after: { key: 'api', billing: BILLING },
  },
  'product.portal_changed': {
    subject: 'product',
    summary: 'The portal of a product was changed.',
    before: { key: 'api', portal: null },
    after: { key: 'api', portal: PORTAL },
  },
  'feature.created': {
    subject: 'feature',
    summary: 'A feature was created.',
    after: { key: 'api_calls', name: 'API calls', type: 'metered', aggregation: 'sum' },
  },
  'feature.updated': {
    subject: 'feature',
    summary: 'A feature was changed.',
    before: FEATURE,
    after: { ...FEATURE, name: 'Calls' },
  },
  'feature.archived': {
    subject: 'feature',
    summary: 'A feature was archived; checks of it are denied.',
    before: FEATURE,
    after: { key: 'api_calls', archivedAt: '2026-11-21T09:00:00.000Z' },
  },
  'add_on.created': { subject: 'add_on', summary: 'An add-on was created.', after: ADD_ON },
  'add_on.updated': {
    subject: 'add_on',
    summary: 'An add-on was changed; subscriptions that have it keep what they were sold.',
    before: ADD_ON,
    after: { ...ADD_ON, name: 'Five more seats' },
  },
  'add_on.archived': {
    subject: 'add_on',
    summary: 'An add-on was archived; subscriptions keep it.',
    before: ADD_ON,
    after: { ...ADD_ON, archivedAt: '2026-11-21T09:00:00.000Z' },
  },
  'coupon.created': { subject: 'coupon', summary: 'A coupon was created.', after: COUPON },
  'coupon.updated': {
    subject: 'coupon',
    summary: 'A coupon was changed; redemptions keep what they were granted.',
    before: COUPON,
    after: { ...COUPON, percentOff: '25' },
  },
  'coupon.archived': {
    subject: 'coupon',
    summary: 'A coupon was archived; it is not redeemed any more, and redemptions continue.',
    before: COUPON,
    after: { ...COUPON, archivedAt: '2026-11-21T09:00:00.000Z' },
  },
  'tax_rate.created': { subject: 'tax_rate', summary: 'A tax rate was created.', after: TAX_RATE },
  'tax_rate.updated': {
    subject: 'tax_rate',
    summary: 'A tax rate was changed; finalized invoices keep theirs.',
    before: TAX_RATE,
    after: { ...TAX_RATE, validUntil: '2026-12-31T23:00:00.000Z' },
  },
  'tax_rate.archived': {
    subject: 'tax_rate',
    summary: 'A tax rate was archived; new invoices do not have it.',
    before: TAX_RATE,
    after: { ...TAX_RATE, archivedAt: '2026-11-21T09:00:00.000Z' },
  },
  'plan.created': { subject: 'plan', summary: 'A plan was created as a draft.', after: { key: 'pro', ...CONTENT } },
  'plan.draft_changed': {
    subject: 'plan',
    summary: 'The draft version of a plan was changed.',
    before: { key: 'pro', ...CONTENT },
    after: { key: 'pro', ...CONTENT, trialDays: 30 },
  },
  'plan.published': {
    subject: 'plan',
    summary: 'A version of a plan was published; existing subscriptions keep their version until they are migrated.',
    before: { key: 'pro', version: 2 },
    after: { key: 'pro', version: 3 },
  },
  'plan.archived': {
    subject: 'plan',
    summary: 'A plan was archived; its subscriptions continue.',
    before: { key: 'pro', status: 'published' },
    after: { key: 'pro', status: 'archived' },
  },
  'plan.move_started': {
    subject: 'plan',
    summary: 'A migration of subscriptions to the newest plan version started.',
    after: MIGRATION,
  },
  'plan.move_finished': {
    subject: 'plan',
    summary: 'A migration of subscriptions to the newest plan version finished.',
    after: { ...MIGRATION, moved: 118, skipped: 2 },
  },
});

declare module '@app/events' {
  interface DeclaredEvents {
    catalog: typeof CATALOG_EVENTS;
  }
}
