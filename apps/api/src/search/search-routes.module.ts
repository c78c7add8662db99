import { Module } from '@nestjs/common';
import { BillingModule } from '@app/billing';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { SubscriptionsModule } from '@app/subscriptions';
import { SearchController } from './search.controller.js';
import { SearchOperation } from './search.operation.js';

@Module({
  imports: [BillingModule, CatalogModule, CustomersModule, SubscriptionsModule],
  controllers: [SearchController],
  providers: [SearchOperation],
})
export class SearchRoutesModule {}
