import { Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { EnrolmentService } from './enrolment.service.js';
import { LifecycleService } from './lifecycle.service.js';
import { LinesRepository } from './lines.repository.js';
import { NumbersRepository } from './numbers.repository.js';
import { SubscriptionNumbers } from './numbers.service.js';
import { PassingTimeService } from './passing-time.service.js';
import { PlanChoice } from './plan-choice.js';
import { PlanMovesRepository } from './plan-moves.repository.js';
import { PlanMovesService } from './plan-moves.service.js';
import { Settlement } from './settlement.js';
import { SubscriptionsRepository } from './subscriptions.repository.js';
import { SubscriptionsService } from './subscriptions.service.js';
import { Transitions } from './transitions.js';

@Module({
  imports: [CatalogModule, CustomersModule],
  providers: [
    SubscriptionsRepository,
    LinesRepository,
    PlanMovesRepository,
    Transitions,
    Settlement,
    PlanChoice,
    SubscriptionsService,
    LifecycleService,
    EnrolmentService,
    PassingTimeService,
    PlanMovesService,
    NumbersRepository,
    SubscriptionNumbers,
  ],
  exports: [
    SubscriptionsService,
    LifecycleService,
    EnrolmentService,
    PassingTimeService,
    PlanMovesService,
    SubscriptionNumbers,
  ],
})
export class SubscriptionsModule {}
