import { Module } from '@nestjs/common';
import { BillingModule } from '@app/billing';
import { CatalogModule } from '@app/catalog';
import { SubscriptionsModule } from '@app/subscriptions';
import { CouponsController } from './coupons.controller.js';
import { SubscriptionCouponsController } from './subscription-coupons.controller.js';

@Module({
  imports: [BillingModule, CatalogModule, SubscriptionsModule],
  controllers: [CouponsController, SubscriptionCouponsController],
})
export class CouponsModule {}
