import { Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { DeliveriesModule } from '@app/deliveries';
import { EntitlementsModule } from '@app/entitlements';
import { MeteringModule } from '@app/metering';
import { SubscriptionsModule } from '@app/subscriptions';
import { UsersModule } from '@app/users';
import { BillingProfilesRepository } from './billing-profiles.repository.js';
import { BillingProfilesService } from './billing-profiles.service.js';
import { CouponRedemptionsRepository } from './coupon-redemptions.repository.js';
import { CouponRedemptions } from './coupon-redemptions.service.js';
import { BilledSubscriptionsRepository } from './billed-subscriptions.repository.js';
import { BillingActivity } from './billing-activity.service.js';
import { BillingActivityRepository } from './billing-activity.repository.js';
import { BillingAnnouncements } from './billing-announcements.js';
import { BillingRun } from './billing-run.service.js';
import { DocumentFiles } from './documents/document-files.service.js';
import { DocumentMaker } from './documents/document-maker.js';
import { DocumentsRepository } from './documents/documents.repository.js';
import { InvoicesRepository } from './invoices.repository.js';
import { BillingMailChannel } from './mails/billing-mail-channel.js';
import { BillingMailsRepository } from './mails/billing-mails.repository.js';
import { BillingMails } from './mails/billing-mails.service.js';
import { BillingRecipients } from './mails/billing-recipients.js';
import { BillingService } from './billing.service.js';
import { CreditBalancesRepository } from './credit-balances.repository.js';
import { CreditBalances } from './credit-balances.service.js';
import { DocumentNumbersRepository } from './document-numbers.repository.js';
import { DraftsService } from './drafts.service.js';
import { Finalizer } from './finalizer.service.js';
import { InvoiceFinalization } from './invoice-finalization.service.js';
import { InvoicePreviews } from './invoice-previews.service.js';
import { InvoicePricing } from './invoice-pricing.service.js';
import { InvoicesService } from './invoices.service.js';
import { PendingLinesRepository } from './pending-lines.repository.js';
import { UpcomingInvoices } from './upcoming-invoices.service.js';
import { UsageRelease } from './usage-release.service.js';
import { UsagePrices } from './usage-prices.js';
import { AccountDeletions } from './account-deletions.service.js';
import { PaymentAccountsRepository } from './payment-accounts.repository.js';
import { PaymentAccounts } from './payment-accounts.service.js';
import { PaymentCancellation } from './payment-cancellation.service.js';
import { PaymentEvents } from './payment-events.service.js';
import { PaymentMethodRecords } from './payment-method-records.js';
import { PaymentMethodsRepository } from './payment-methods.repository.js';
import { PaymentMethodsService } from './payment-methods.service.js';
import { PaymentSetupsRepository } from './payment-setups.repository.js';
import { PaymentSetups } from './payment-setups.service.js';
import { PaymentOutcomes } from './payment-outcomes.js';
import { PaymentProvidersModule } from './payment-providers.module.js';
import { UsageChargeChecksRepository } from './usage-charge-checks.repository.js';
import { UsageChargesChecker } from './usage-charges-checker.js';
import { CreditNotesRepository } from './credit-notes.repository.js';
import { CreditNotes } from './credit-notes.service.js';
import { CreditNoteWriter } from './credit-note-writer.js';
import { ForeignRefunds } from './foreign-refunds.js';
import { OverdueCollection } from './overdue-collection.js';
import { PaymentsService } from './payments.service.js';
import { RefundRequests } from './refund-requests.js';
import { RefundRun } from './refund-run.service.js';
import { Refunds } from './refunds.service.js';
import { Repayments } from './repayments.service.js';
import { UsageChargesRepository } from './usage-charges.repository.js';
import { CheckoutCompletion } from './checkouts/checkout-completion.js';
import { CheckoutExpiry } from './checkouts/checkout-expiry.js';
import { CheckoutInvoices } from './checkouts/checkout-invoices.js';
import { CheckoutsRepository } from './checkouts/checkouts.repository.js';
import { CheckoutsService } from './checkouts/checkouts.service.js';
import { MoneyStatsRepository } from './money-stats.repository.js';
import { BillingConcerns } from './billing-concerns.repository.js';
import { MoneyStats } from './money-stats.service.js';
import { RevenueRecorder } from './revenue-recorder.service.js';
import { RevenueRepository } from './revenue.repository.js';
import { RevenueStats } from './revenue-stats.service.js';
import { BillingChecker } from './billing-checker.js';
import { BillingChecksRepository } from './billing-checks.repository.js';
import { Charges } from './charges.service.js';
import { CollectionDecisions } from './collection-decisions.js';
import { CollectionRepository } from './collection.repository.js';
import { CollectionService } from './collection.service.js';
import { Dunning } from './dunning.service.js';
import { PaymentRecords } from './payment-records.js';
import { PaymentSettlement } from './payment-settlement.js';
import { PaymentsRepository } from './payments.repository.js';
import { ProviderCalls } from './provider-calls.js';
import { Reconciliation } from './reconciliation.service.js';
import { RefundOutcomes } from './refund-outcomes.js';
import { RefundsRepository } from './refunds.repository.js';
import { UsageChargesService } from './usage-charges.service.js';
import { UsageHistoryRepository } from './usage-history.repository.js';
import { UsageHistory } from './usage-history.service.js';
import { UsageJudge } from './usage-judge.service.js';

@Module({
  imports: [
    CatalogModule,
    CustomersModule,
    DeliveriesModule,
    EntitlementsModule,
    MeteringModule,
    PaymentProvidersModule,
    SubscriptionsModule,
    UsersModule,
  ],
  providers: [
    BillingActivity,
    BillingActivityRepository,
    // Invoices.
    BilledSubscriptionsRepository,
    BillingAnnouncements,
    BillingRun,
    BillingService,
    CreditBalances,
    CreditBalancesRepository,
    DocumentNumbersRepository,
    DraftsService,
    Finalizer,
    InvoiceFinalization,
    InvoicePreviews,
    InvoicePricing,
    InvoicesRepository,
    InvoicesService,
    PendingLinesRepository,
    UpcomingInvoices,
    UsagePrices,
    UsageRelease,
    // Coupons and billing profiles.
    BillingProfilesRepository,
    BillingProfilesService,
    CouponRedemptions,
    CouponRedemptionsRepository,
    // Payments.
    AccountDeletions,
    PaymentAccounts,
    PaymentAccountsRepository,
    PaymentEvents,
    PaymentMethodRecords,
    PaymentMethodsRepository,
    PaymentMethodsService,
    PaymentSetups,
    PaymentSetupsRepository,
    // Collection, refunds and credit notes.
    BillingChecker,
    BillingChecksRepository,
    Charges,
    CollectionDecisions,
    CollectionRepository,
    CollectionService,
    CreditNotes,
    CreditNotesRepository,
    CreditNoteWriter,
    Dunning,
    ForeignRefunds,
    OverdueCollection,
    PaymentCancellation,
    PaymentOutcomes,
    PaymentRecords,
    PaymentSettlement,
    PaymentsRepository,
    PaymentsService,
    ProviderCalls,
    Reconciliation,
    RefundOutcomes,
    RefundRequests,
    RefundRun,
    Refunds,
    RefundsRepository,
    Repayments,
    // Documents and mails.
    BillingMailChannel,
    BillingMails,
    BillingMailsRepository,
    BillingRecipients,
    DocumentFiles,
    DocumentMaker,
    DocumentsRepository,
    // Checkouts.
    CheckoutCompletion,
    CheckoutExpiry,
    CheckoutInvoices,
    CheckoutsRepository,
    CheckoutsService,
    // Recurring revenue and statistics.
    MoneyStats,
    BillingConcerns,
    MoneyStatsRepository,
    RevenueRecorder,
    RevenueRepository,
    RevenueStats,
    // Usage beyond the limit.
    UsageChargeChecksRepository,
    UsageChargesChecker,
    UsageChargesRepository,
    UsageChargesService,
    UsageHistory,
    UsageHistoryRepository,
    UsageJudge,
  ],
  exports: [
    AccountDeletions,
    BillingActivity,
    InvoicePreviews,
    InvoicesService,
    BillingProfilesService,
    BillingAnnouncements,
    BillingChecker,
    BillingRun,
    CollectionService,
    CouponRedemptions,
    DocumentFiles,
    DocumentMaker,
    CreditBalances,
    CreditNotes,
    PaymentAccounts,
    PaymentCancellation,
    PaymentEvents,
    PaymentMethodRecords,
    PaymentMethodsService,
    PaymentProvidersModule,
    PaymentSetups,
    UsageChargesChecker,
    PaymentsService,
    Reconciliation,
    RefundRun,
    Refunds,
    UsageChargesService,
    CheckoutsService,
    MoneyStats,
    BillingConcerns,
    RevenueStats,
  ],
})
export class BillingModule {}
