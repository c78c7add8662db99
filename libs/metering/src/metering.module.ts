import { Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { EntitlementsModule } from '@app/entitlements';
import { CustomerLedgersRepository } from './customer-ledgers.repository.js';
import { MeterReader } from './meter-reader.js';
import { MeteringService } from './metering.service.js';
import { PastUsage } from './past-usage.js';
import { UsageChecker } from './usage-checker.js';
import { UsageLanes } from './usage-lanes.js';
import { UsageOverTime } from './usage-over-time.js';
import { UsageOverTimeRepository } from './usage-over-time.repository.js';
import { UsageRecordsRepository } from './usage-records.repository.js';
import { UsageRepository } from './usage.repository.js';
import { UsageTransaction } from './usage-transaction.js';

@Module({
  imports: [CatalogModule, CustomersModule, EntitlementsModule],
  providers: [
    UsageRepository,
    UsageRecordsRepository,
    UsageOverTimeRepository,
    CustomerLedgersRepository,
    MeterReader,
    UsageTransaction,
    UsageLanes,
    UsageChecker,
    PastUsage,
    UsageOverTime,
    MeteringService,
  ],
  exports: [MeteringService, PastUsage, UsageChecker, UsageOverTime, UsageRecordsRepository],
})
export class MeteringModule {}
