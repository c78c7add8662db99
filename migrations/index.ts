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
];
