import { Module } from '@nestjs/common';
import { AccountsModule } from '@app/accounts';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { SubscriptionsModule } from '@app/subscriptions';
import { SubscriptionRoutesModule } from '../subscriptions/subscription-routes.module.js';
import { CustomersController } from './customers.controller.js';

@Module({
  imports: [AccountsModule, CustomersModule, SubscriptionsModule, CatalogModule, SubscriptionRoutesModule],
  controllers: [CustomersController],
})
export class CustomerRoutesModule {}
