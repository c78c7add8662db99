import { Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { SubscriptionsModule } from '@app/subscriptions';
import { PlanMigrationsController } from './plan-migrations.controller.js';
import { PlanSubscriptionsController } from './plan-subscriptions.controller.js';
import { PlansController } from './plans.controller.js';

@Module({
  imports: [CatalogModule, SubscriptionsModule],
  controllers: [PlansController, PlanMigrationsController, PlanSubscriptionsController],
})
export class PlansModule {}
