import './billing.events.js';

export { BillingConcerns } from './billing-concerns.repository.js';
export { BillingActivity } from './billing-activity.service.js';
export { BillingModule } from './billing.module.js';
export { BillingRun, BillingStep } from './billing-run.service.js';
export { BillingProfilesService } from './billing-profiles.service.js';
export type { SubscriptionRef } from './coupon-redemptions.repository.js';
export { type CouponCommand, CouponRedemptions } from './coupon-redemptions.service.js';
export { type BillingProfile, buyerOf, type NewBillingProfile, taxPlaceOf } from './domain/billing-profile.js';
export {
  appliedRedemptions,
  type CouponRedemption,
  type DiscountedInvoice,
  type RedeemedCoupon,
} from './domain/coupon-redemption.js';
export { taxesOf, type TaxPlace, type TaxSituation } from './domain/tax-rates.js';
export { InvoicePreviews, type Previewed } from './invoice-previews.service.js';
export { type InvoiceCommand, InvoicesService, type ManualInvoice } from './invoices.service.js';
export { type ManualLine } from './domain/manual-line.js';
export { type InvoiceFilter, InvoicesRepository } from './invoices.repository.js';
export * from './domain/invoice.js';
export * from './domain/payment.js';
export * from './domain/printed-document.js';
export { type DocumentFile, DocumentFiles } from './documents/document-files.service.js';
export { type DocumentCursor, DocumentMaker } from './documents/document-maker.js';
export { InvoiceDocuments, type RenderedDocument } from './invoice-documents.js';
export * from './payment-provider.js';
export { type AppliedOutcome, PaymentOutcomes } from './payment-outcomes.js';
export { BillingAnnouncements } from './billing-announcements.js';
export { BillingChecker, type BillingReport } from './billing-checker.js';
export type { BillingMismatch } from './billing-checks.repository.js';
export { Reconciliation } from './reconciliation.service.js';
export { CollectionService, CONFIRMATION_HOURS } from './collection.service.js';
export type { BalanceEntry, BalanceEntryKind, CreditBalance } from './credit-balances.repository.js';
export { CreditBalances } from './credit-balances.service.js';
export { type CreditNoteCommand, CreditNotes } from './credit-notes.service.js';
export type { CreditNoteLine, CreditRequest } from './domain/credit-note.js';
export { ADAPTER_TIMEOUT_MS } from './domain/provider-times.js';
export { providerTimeLeft, withProviderDeadline } from './provider-deadline.js';
export { AccountDeletions } from './account-deletions.service.js';
export { PaymentSetups } from './payment-setups.service.js';
export { PaymentCancellation } from './payment-cancellation.service.js';
export { PaymentsService } from './payments.service.js';
export { RefundRun } from './refund-run.service.js';
export { type RefundCommand, Refunds } from './refunds.service.js';
export { type PaymentFilter, PaymentsRepository } from './payments.repository.js';
export { PaymentAccounts } from './payment-accounts.service.js';
export { PaymentEvents } from './payment-events.service.js';
export { PaymentMethodRecords } from './payment-method-records.js';
export { PaymentMethodsService } from './payment-methods.service.js';
export { PaymentProviders } from './payment-providers.js';
export { PaymentProvidersModule } from './payment-providers.module.js';
export type { MonthlyRevenue } from './domain/monthly-revenue.js';
export {
  type Checkout,
  CHECKOUT_STATUSES,
  type CheckoutStatus,
  PAYMENT_BEHAVIORS,
  type PaymentBehavior,
} from './domain/checkout.js';
export { CheckoutsService, type Purchase } from './checkouts/checkouts.service.js';
export type { CurrencyMoney, Outstanding } from './money-stats.repository.js';
export { MoneyStats, type ProductMoney } from './money-stats.service.js';
export { type RevenueByMonth, RevenueStats, type StatsSubject } from './revenue-stats.service.js';
export { SANDBOX_BEHAVIORS, SANDBOX_DETAILS, type SandboxBehavior } from './domain/sandbox-behavior.js';
export { SandboxPages } from './sandbox/sandbox-pages.js';
export type { SandboxCharge, SandboxMethod } from './sandbox/sandbox.repository.js';
export { SandboxSignature } from './sandbox/sandbox-signature.js';
export { hasUsageInstants, nextUsageInstant, type UsageCadence, usageInstants } from './domain/usage-instants.js';
export { type UsageCheck, UsageChargesChecker, type UsageMismatch } from './usage-charges-checker.js';
export { UsageChargesService, type UsageDraft } from './usage-charges.service.js';
export { returnUrlWith } from './domain/return-url.js';
export { invalidSignature, malformedEvent, readSignatureHeader, SIGNATURE_TOLERANCE_S } from './webhook-signature.js';
export {
  allowedSteps,
  assertInvoiceStep,
  assertLegalStep,
  INVOICE_STEPS,
  type InvoiceStep,
} from './domain/invoice-status.js';
export { exactAmount, rate, type Rated, ratedLine, shownPrice } from './domain/rating.js';
export { type ComputedTotals, computeTotals, type TotalsInput } from './domain/totals.js';
