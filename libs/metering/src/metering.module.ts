import { Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { EntitlementsModule } from '@app/entitlements';
import { SubscriptionsModule } from '@app/subscriptions';
import { CheckReader } from './counting/check-reader.js';
import { CommandRunner } from './counting/command-runner.js';
import { CounterChecksRepository } from './counting/counter-checks.repository.js';
import { CountersRepository } from './counting/counters.repository.js';
import { CurrentMeters } from './counting/current-meters.js';
import { GrantBalances } from './counting/grant-balances.service.js';
import { EntityCountersRepository } from './counting/entity-counters.repository.js';
import { EntityMeterReader } from './counting/entity-meter-reader.js';
import { HistoricalDecisions } from './counting/historical-decisions.js';
import { LedgerRepository } from './counting/ledger.repository.js';
import { MeterReader } from './counting/meter-reader.js';
import { OpenedWindows } from './counting/opened-windows.js';
import { OverageRepository } from './counting/overage.repository.js';
import { OverageService } from './counting/overage.service.js';
import { PendingCoverageService } from './counting/pending-coverage.service.js';
import { ReservationsRepository } from './counting/reservations.repository.js';
import { UsageBatcher } from './counting/usage-batcher.js';
import { UsageChecker } from './counting/usage-checker.js';
import { UsageLevelsRepository } from './counting/usage-levels.repository.js';
import { UsageIngestion } from './counting/usage-ingestion.js';
import { UsageEntitiesRepository } from './counting/usage-entities.repository.js';
import { UsageEntitiesService } from './counting/usage-entities.service.js';
import { UsageRecordsRepository } from './counting/usage-records.repository.js';
import { UsageStore } from './counting/usage-store.js';
import { UsageTransaction } from './counting/usage-transaction.js';
import { DenialCountsRepository } from './denials/denial-counts.repository.js';
import { DenialCounts } from './denials/denial-counts.service.js';
import { MeteringService } from './metering.service.js';
import { UsageRollupsRepository } from './series/usage-rollups.repository.js';
import { UsageSeriesRepository } from './series/usage-series.repository.js';
import { UsageSeriesService } from './series/usage-series.service.js';

@Module({
  imports: [CatalogModule, CustomersModule, SubscriptionsModule, EntitlementsModule],
  providers: [
    CountersRepository,
    EntityCountersRepository,
    LedgerRepository,
    ReservationsRepository,
    CounterChecksRepository,
    UsageRecordsRepository,
    UsageLevelsRepository,
    UsageEntitiesRepository,
    UsageSeriesRepository,
    UsageRollupsRepository,
    OpenedWindows,
    MeterReader,
    EntityMeterReader,
    UsageStore,
    UsageTransaction,
    UsageBatcher,
    CommandRunner,
    UsageIngestion,
    CheckReader,
    UsageChecker,
    HistoricalDecisions,
    CurrentMeters,
    GrantBalances,
    OverageRepository,
    OverageService,
    PendingCoverageService,
    UsageEntitiesService,
    UsageSeriesService,
    DenialCountsRepository,
    DenialCounts,
    MeteringService,
  ],
  exports: [
    MeteringService,
    DenialCounts,
    GrantBalances,
    OverageService,
    PendingCoverageService,
    HistoricalDecisions,
    UsageChecker,
    UsageSeriesService,
    UsageEntitiesService,
    UsageRecordsRepository,
    UsageLevelsRepository,
  ],
})
export class MeteringModule {}
