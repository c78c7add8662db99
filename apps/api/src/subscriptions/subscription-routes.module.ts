import { Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { SubscriptionsModule } from '@app/subscriptions';
import { SubscriptionPresenter } from './subscription-presenter.js';
import { SubscriptionsController } from './subscriptions.controller.js';

@Module({
  imports: [SubscriptionsModule, CatalogModule, CustomersModule],
  controllers: [SubscriptionsController],
  providers: [SubscriptionPresenter],
  exports: [SubscriptionPresenter],
})
export class SubscriptionRoutesModule {}
