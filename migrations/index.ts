import { FirstSchema1700000000000 } from './1700000000000-first-schema.js';
import { Metering1700000000001 } from './1700000000001-metering.js';
import { Lifecycle1700000000002 } from './1700000000002-lifecycle.js';
import { People1700000000003 } from './1700000000003-people.js';
import { Events1700000000004 } from './1700000000004-events.js';
import { Deliveries1700000000005 } from './1700000000005-deliveries.js';
import { EndpointsOfProducts1700000000006 } from './1700000000006-endpoints-of-products.js';
import { SubscriptionNumbers1700000000007 } from './1700000000007-subscription-numbers.js';
import { UsageSums1700000000008 } from './1700000000008-usage-sums.js';
import { LedgerByRecording1700000000009 } from './1700000000009-ledger-by-recording.js';
import { CustomersByEmail1700000000010 } from './1700000000010-customers-by-email.js';
import { LongLedgers1700000000011 } from './1700000000011-long-ledgers.js';
import { KeysOfEvents1700000000012 } from './1700000000012-keys-of-events.js';
import { LedgerKindGrantCoverage1700000000013 } from './1700000000013-ledger-kind-grant-coverage.js';
import { LedgerKindValidated1700000000014 } from './1700000000014-ledger-kind-validated.js';
import { UsageAnchors1700000000015 } from './1700000000015-usage-anchors.js';
import { EntityCounters1700000000017 } from './1700000000017-entity-counters.js';
import { LedgerEntities1700000000018 } from './1700000000018-ledger-entities.js';
import { ReservationEntities1700000000019 } from './1700000000019-reservation-entities.js';
import { DeletedTestClocks1700000000020 } from './1700000000020-deleted-test-clocks.js';
import { OverageOfWindows1700000000021 } from './1700000000021-overage-of-windows.js';
import { SubscriptionSpans1700000000022 } from './1700000000022-subscription-spans.js';
import { SubscriptionsEnding1700000000023 } from './1700000000023-subscriptions-ending.js';
import { AddOns1700000000024 } from './1700000000024-add-ons.js';
import { CustomerKeysInUrls1700000000025 } from './1700000000025-customer-keys-in-urls.js';
import { SecurityEvents1700000000026 } from './1700000000026-security-events.js';
import { LedgerByEntity1700000000036 } from './1700000000036-ledger-by-entity.js';
import { LedgerEntitiesValidated1700000000037 } from './1700000000037-ledger-entities-validated.js';
import { Billing1700000000038 } from './1700000000038-billing.js';
import { FinanceRole1700000000039 } from './1700000000039-finance-role.js';
import { FinanceRoleValidated1700000000040 } from './1700000000040-finance-role-validated.js';
import { PastDueGrace1700000000041 } from './1700000000041-past-due-grace.js';
import { Payments1700000000042 } from './1700000000042-payments.js';
import { Checkouts1700000000043 } from './1700000000043-checkouts.js';
import { CouponCoverage1700000000044 } from './1700000000044-coupon-coverage.js';
import { SandboxProvider1700000000048 } from './1700000000048-sandbox-provider.js';
import { TieredPrices1700000000049 } from './1700000000049-tiered-prices.js';
import { BillingMails1700000000056 } from './1700000000056-billing-mails.js';
import { DeliveryChannelsValidated1700000000057 } from './1700000000057-delivery-channels-validated.js';
import { PortalSessions1700000000058 } from './1700000000058-portal-sessions.js';
import { SecondFactors1700000000059 } from './1700000000059-second-factors.js';
import { AccountMailKindsValidated1700000000060 } from './1700000000060-account-mail-kinds-validated.js';
import { Oidc1700000000061 } from './1700000000061-oidc.js';
import { OidcValidated1700000000062 } from './1700000000062-oidc-validated.js';
import { DenialsAndJobs1700000000065 } from './1700000000065-denials-and-jobs.js';
import { PortalSessionsByCustomer1700000000066 } from './1700000000066-portal-sessions-by-customer.js';
import { Search1700000000064 } from './1700000000064-search.js';

/** Every migration, oldest first. */
export const migrations = [
  FirstSchema1700000000000,
  Metering1700000000001,
  Lifecycle1700000000002,
  People1700000000003,
  Events1700000000004,
  Deliveries1700000000005,
  EndpointsOfProducts1700000000006,
  SubscriptionNumbers1700000000007,
  UsageSums1700000000008,
  LedgerByRecording1700000000009,
  CustomersByEmail1700000000010,
  LongLedgers1700000000011,
  KeysOfEvents1700000000012,
  LedgerKindGrantCoverage1700000000013,
  LedgerKindValidated1700000000014,
  UsageAnchors1700000000015,
  EntityCounters1700000000017,
  LedgerEntities1700000000018,
  ReservationEntities1700000000019,
  DeletedTestClocks1700000000020,
  OverageOfWindows1700000000021,
  SubscriptionSpans1700000000022,
  SubscriptionsEnding1700000000023,
  AddOns1700000000024,
  CustomerKeysInUrls1700000000025,
  SecurityEvents1700000000026,
  LedgerByEntity1700000000036,
  LedgerEntitiesValidated1700000000037,
  Billing1700000000038,
  FinanceRole1700000000039,
  FinanceRoleValidated1700000000040,
  PastDueGrace1700000000041,
  Payments1700000000042,
  Checkouts1700000000043,
  CouponCoverage1700000000044,
  SandboxProvider1700000000048,
  TieredPrices1700000000049,
  BillingMails1700000000056,
  DeliveryChannelsValidated1700000000057,
  PortalSessions1700000000058,
  SecondFactors1700000000059,
  AccountMailKindsValidated1700000000060,
  Oidc1700000000061,
  OidcValidated1700000000062,
  Search1700000000064,
  DenialsAndJobs1700000000065,
  PortalSessionsByCustomer1700000000066,
];
