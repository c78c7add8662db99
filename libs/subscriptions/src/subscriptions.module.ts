import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { EnrolmentService } from './enrolment.service.js';
import { LifecycleService } from './lifecycle.service.js';
import { PlanChoice } from './plan-choice.js';
import { SubscriptionEntity } from './subscription.entity.js';
import { SubscriptionsRepository } from './subscriptions.repository.js';
import { SubscriptionsService } from './subscriptions.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([SubscriptionEntity]), CatalogModule, CustomersModule],
  providers: [SubscriptionsRepository, SubscriptionsService, LifecycleService, EnrolmentService, PlanChoice],
  exports: [SubscriptionsService, LifecycleService, EnrolmentService],
})
export class SubscriptionsModule {}
