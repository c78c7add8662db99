import { Module } from '@nestjs/common';
import { CustomersModule } from '@app/customers';
import { MeteringModule } from '@app/metering';
import { BatchOperation } from './batch.operation.js';
import { BatchesController } from './batches.controller.js';
import { CheckOperation } from './check.operation.js';
import { ConsumeOperation } from './consume.operation.js';
import { DecisionCount } from './decision-count.js';
import { IngestUsageOperation } from './ingest-usage.operation.js';
import { VerifyOperation } from './verify.operation.js';
import { UsageController } from './usage.controller.js';
import { UsageSeriesController } from './usage-series.controller.js';

@Module({
  imports: [CustomersModule, MeteringModule],
  controllers: [BatchesController, UsageController, UsageSeriesController],
  providers: [BatchOperation, CheckOperation, ConsumeOperation, DecisionCount, IngestUsageOperation, VerifyOperation],
  exports: [DecisionCount],
})
export class UsageRoutesModule {}
