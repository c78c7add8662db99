import { Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { SubscriptionsModule } from '@app/subscriptions';
import { PlanMovesController } from './plan-moves.controller.js';
import { PlansController } from './plans.controller.js';

@Module({ imports: [CatalogModule, SubscriptionsModule], controllers: [PlansController, PlanMovesController] })
export class PlansModule {}
