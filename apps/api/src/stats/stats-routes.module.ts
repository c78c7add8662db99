import { Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { MeteringModule } from '@app/metering';
import { SubscriptionsModule } from '@app/subscriptions';
import { StatsController } from './stats.controller.js';

@Module({ imports: [CatalogModule, MeteringModule, SubscriptionsModule], controllers: [StatsController] })
export class StatsRoutesModule {}
