import './subscriptions.events.js';

export { currentOf, dueAt, dueTransitions, projectedAt } from './domain/time.js';
export { addOnPrice } from './domain/add-on-price.js';
export { CYCLES_A_YEAR, PAYING_STATUSES } from './domain/revenue.js';
export { netOf, restOfPeriod } from './domain/proration.js';
export { upcomingCharge } from './domain/upcoming-charge.js';
export {
  isInGrace,
  eventPayload,
  isLive,
  isUpcoming,
  type ProrationLine,
  type SoldAddOn,
  type SoldPlan,
  type SoldPrice,
  type Subscription,
  type SubscriptionEventType,
  type SubscriptionPayload,
  SUBSCRIPTION_STATUSES,
  type SubscriptionStatus,
  type Transition,
} from './domain/subscription.js';
export { type Enrolment, EnrolmentService, type OnCreated, type SubscribeRequest } from './enrolment.service.js';
export { EnrolmentPreview } from './enrolment-preview.service.js';
export type { BillingAnchor } from './domain/commands/index.js';
export {
  type ChangeCommand,
  type ChangePreview,
  type ChangeSelection,
  type Command,
  LifecycleService,
} from './lifecycle.service.js';
export type { MemberFilter } from './members.repository.js';
export { MembersService } from './members.service.js';
export type { StoredProrationLine } from './proration-lines.repository.js';
export type { PlanStats } from './subscription-stats.repository.js';
export { type ProductStats, SubscriptionStats } from './subscription-stats.service.js';
export { DueSubscriptionsService } from './due-subscriptions.service.js';
export type { PlanMigration, VersionCount } from './plan-migrations.repository.js';
export { PlanMigrationsService } from './plan-migrations.service.js';
export type { AllowingState } from './domain/status-history.js';
export { SubscriptionsModule } from './subscriptions.module.js';
export {
  historyNotKept,
  type StoredFacts,
  subscriptionFromFacts,
  subscriptionFromRow,
  type SubscriptionRow,
} from './subscription-row.js';
export type { SubscriptionOwner } from './subscriptions.repository.js';
export { type SubscriptionList, SubscriptionsService } from './subscriptions.service.js';
