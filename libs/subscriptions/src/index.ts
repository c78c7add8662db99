export { asOf, currentOf } from './domain/advance.js';
export { netOf } from './domain/proration.js';
export {
  isLive,
  isUpcoming,
  type ProrationLine,
  type SoldPrice,
  type Subscription,
  SUBSCRIPTION_STATUSES,
  type SubscriptionStatus,
  type Transition,
} from './domain/subscription.js';
export { type Enrolment, EnrolmentService, type NewContract } from './enrolment.service.js';
export { type ChangeCommand, type ChangePreview, type Command, LifecycleService } from './lifecycle.service.js';
export type { StoredLine } from './lines.repository.js';
export type { PlanNumbers } from './numbers.repository.js';
export { type ProductNumbers, SubscriptionNumbers } from './numbers.service.js';
export { PassingTimeService } from './passing-time.service.js';
export type { PlanMove } from './plan-moves.repository.js';
export { PlanMovesService } from './plan-moves.service.js';
export { SubscriptionsModule } from './subscriptions.module.js';
export {
  historyNotKept,
  type StoredFacts,
  subscriptionFromFacts,
  subscriptionFromRow,
  type SubscriptionRow,
} from './subscription-row.js';
export { type SubscriptionList, SubscriptionsService } from './subscriptions.service.js';
