import { Module } from '@nestjs/common';
import { BillingModule } from '@app/billing';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { MeteringModule } from '@app/metering';
import { SubscriptionsModule } from '@app/subscriptions';
import { TestClockRoutesModule } from '../test-clocks/test-clock-routes.module.js';
import { SampleCustomer } from './sample-customer.js';
import { SamplePayments } from './sample-payments.js';

@Module({
  imports: [BillingModule, CatalogModule, CustomersModule, MeteringModule, SubscriptionsModule, TestClockRoutesModule],
  providers: [SampleCustomer, SamplePayments],
})
export class SampleModule {}
