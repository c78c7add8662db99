import { Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { EntitlementsModule } from '@app/entitlements';
import { UsageRollupsRepository } from './usage-rollups.repository.js';
import { MeterReader } from './meter-reader.js';
import { MeteringService } from './metering.service.js';
import { HistoricalDecisions } from './historical-decisions.js';
import { UsageChecker } from './usage-checker.js';
import { UsageBatcher } from './usage-batcher.js';
import { UsageSeriesService } from './usage-series.service.js';
import { UsageSeriesRepository } from './usage-series.repository.js';
import { UsageRecordsRepository } from './usage-records.repository.js';
import { UsageRepository } from './usage.repository.js';
import { UsageTransaction } from './usage-transaction.js';

@Module({
  imports: [CatalogModule, CustomersModule, EntitlementsModule],
  providers: [
    UsageRepository,
    UsageRecordsRepository,
    UsageSeriesRepository,
    UsageRollupsRepository,
    MeterReader,
    UsageTransaction,
    UsageBatcher,
    UsageChecker,
    HistoricalDecisions,
    UsageSeriesService,
    MeteringService,
  ],
  exports: [MeteringService, HistoricalDecisions, UsageChecker, UsageSeriesService, UsageRecordsRepository],
})
export class MeteringModule {}
