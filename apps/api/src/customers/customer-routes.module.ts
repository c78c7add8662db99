import { Module } from '@nestjs/common';
import { AccountsModule } from '@app/accounts';
import { BillingModule } from '@app/billing';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { EntitlementsModule } from '@app/entitlements';
import { SubscriptionsModule } from '@app/subscriptions';
import { SubscriptionRoutesModule } from '../subscriptions/subscription-routes.module.js';
import { CustomersController } from './customers.controller.js';
import { ListCustomersOperation } from './list-customers.operation.js';
import { LiveSubscriptionOperation } from './live-subscription.operation.js';

@Module({
  imports: [
    AccountsModule,
    BillingModule,
    CustomersModule,
    SubscriptionsModule,
    CatalogModule,
    EntitlementsModule,
    SubscriptionRoutesModule,
  ],
  controllers: [CustomersController],
  providers: [ListCustomersOperation, LiveSubscriptionOperation],
})
export class CustomerRoutesModule {}
