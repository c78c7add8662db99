import './subscriptions.events.js';

export { projectedAt, currentOf } from './domain/time.js';
export { netOf } from './domain/proration.js';
export { upcomingCharge } from './domain/upcoming-charge.js';
export {
  isLive,
  isUpcoming,
  type ProrationLine,
  type SoldAddOn,
  type SoldPrice,
  type Subscription,
  SUBSCRIPTION_STATUSES,
  type SubscriptionStatus,
  type Transition,
} from './domain/subscription.js';
export { type Enrolment, EnrolmentService, type SubscribeRequest } from './enrolment.service.js';
export type { BillingAnchor } from './domain/commands/index.js';
export { type ChangeCommand, type ChangePreview, type Command, LifecycleService } from './lifecycle.service.js';
export { MembersService } from './members.service.js';
export type { StoredProrationLine } from './proration-lines.repository.js';
export type { PlanStats } from './subscription-stats.repository.js';
export { type ProductStats, SubscriptionStats } from './subscription-stats.service.js';
export { DueSubscriptionsService } from './due-subscriptions.service.js';
export type { PlanMigration } from './plan-migrations.repository.js';
export { PlanMigrationsService } from './plan-migrations.service.js';
export { SubscriptionsModule } from './subscriptions.module.js';
export {
  historyNotKept,
  type StoredFacts,
  subscriptionFromFacts,
  subscriptionFromRow,
  type SubscriptionRow,
} from './subscription-row.js';
export { type SubscriptionList, SubscriptionsService } from './subscriptions.service.js';
