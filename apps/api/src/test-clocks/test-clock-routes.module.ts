import { Module } from '@nestjs/common';
import { AccountsModule } from '@app/accounts';
import { BillingModule } from '@app/billing';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { MeteringModule } from '@app/metering';
import { SubscriptionsModule } from '@app/subscriptions';
import { AdvanceClockOperation } from './advance-clock.operation.js';
import { TestClocksController } from './test-clocks.controller.js';

@Module({
  imports: [AccountsModule, BillingModule, CatalogModule, CustomersModule, SubscriptionsModule, MeteringModule],
  controllers: [TestClocksController],
  providers: [AdvanceClockOperation],
  exports: [AdvanceClockOperation],
})
export class TestClockRoutesModule {}
