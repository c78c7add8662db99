import { Module } from '@nestjs/common';
import { MeteringModule } from '@app/metering';
import { SubscriptionsModule } from '@app/subscriptions';
import { StatsController } from './stats.controller.js';

@Module({ imports: [MeteringModule, SubscriptionsModule], controllers: [StatsController] })
export class StatsRoutesModule {}
