import { Module } from '@nestjs/common';
import { BillingModule } from '@app/billing';
import { MeteringModule } from '@app/metering';
import { SubscriptionsModule } from '@app/subscriptions';
import { MoneyStatsController } from './money-stats.controller.js';
import { StatsController } from './stats.controller.js';

@Module({
  imports: [BillingModule, MeteringModule, SubscriptionsModule],
  controllers: [StatsController, MoneyStatsController],
})
export class StatsRoutesModule {}
