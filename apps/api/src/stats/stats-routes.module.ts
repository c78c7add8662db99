import { Module } from '@nestjs/common';
import { BillingModule } from '@app/billing';
import { CatalogModule } from '@app/catalog';
import { DeliveriesModule } from '@app/deliveries';
import { MeteringModule } from '@app/metering';
import { SubscriptionsModule } from '@app/subscriptions';
import { WebhooksModule } from '@app/webhooks';
import { AttentionOperation } from './attention.operation.js';
import { InstallationConcerns } from './installation-concerns.js';
import { Lags } from './lags.js';
import { MoneyStatsController } from './money-stats.controller.js';
import { StaffStatsController } from './staff-stats.controller.js';
import { StatsController } from './stats.controller.js';

@Module({
  imports: [BillingModule, CatalogModule, DeliveriesModule, MeteringModule, SubscriptionsModule, WebhooksModule],
  controllers: [StatsController, MoneyStatsController, StaffStatsController],
  providers: [AttentionOperation, InstallationConcerns, Lags],
})
export class StatsRoutesModule {}
