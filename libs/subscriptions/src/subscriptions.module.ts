import { Module, type OnModuleInit } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { EventPublisher } from '@app/events';
import { EnrolmentPreview } from './enrolment-preview.service.js';
import { EnrolmentService } from './enrolment.service.js';
import { LifecycleService } from './lifecycle.service.js';
import { ProrationLinesRepository } from './proration-lines.repository.js';
import { SubscriptionStatsRepository } from './subscription-stats.repository.js';
import { SubscriptionStats } from './subscription-stats.service.js';
import { DueSubscriptionsService } from './due-subscriptions.service.js';
import { ProductTerms } from './product-terms.js';
import { PlanSelector } from './plan-selector.js';
import { PlanMigrationsRepository } from './plan-migrations.repository.js';
import { PlanMigrationsService } from './plan-migrations.service.js';
import { DueTransitions } from './due-transitions.js';
import { SubscriptionsRepository } from './subscriptions.repository.js';
import { MembersRepository } from './members.repository.js';
import { MembersService } from './members.service.js';
import { StatusHistoryRepository } from './status-history.repository.js';
import { SubscriptionsService } from './subscriptions.service.js';
import { Transitions } from './transitions.js';

@Module({
  imports: [CatalogModule, CustomersModule],
  providers: [
    SubscriptionsRepository,
    StatusHistoryRepository,
    ProrationLinesRepository,
    PlanMigrationsRepository,
    Transitions,
    DueTransitions,
    PlanSelector,
    ProductTerms,
    SubscriptionsService,
    MembersRepository,
    MembersService,
    LifecycleService,
    EnrolmentService,
    EnrolmentPreview,
    DueSubscriptionsService,
    PlanMigrationsService,
    SubscriptionStatsRepository,
    SubscriptionStats,
  ],
  exports: [
    SubscriptionsService,
    MembersService,
    LifecycleService,
    EnrolmentService,
    EnrolmentPreview,
    DueSubscriptionsService,
    PlanMigrationsService,
    SubscriptionStats,
  ],
})
export class SubscriptionsModule implements OnModuleInit {
  constructor(
    private readonly publisher: EventPublisher,
    private readonly members: MembersRepository,
  ) {}

  onModuleInit(): void {
    this.publisher.registerProductLookup((customerIds) => this.members.productIdsOf(customerIds));
  }
}
