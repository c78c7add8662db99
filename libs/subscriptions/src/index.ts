export { asOf } from './domain/advance.js';
export { isLive, type SoldPrice, type Subscription, SUBSCRIPTION_STATUSES, type SubscriptionStatus } from './domain/subscription.js';
export { type Enrolment, EnrolmentService, type NewContract } from './enrolment.service.js';
export { type ChangeCommand, type Command, LifecycleService } from './lifecycle.service.js';
export { SubscriptionsModule } from './subscriptions.module.js';
export { subscriptionFromRow, type SubscriptionRow } from './subscription-row.js';
export { SubscriptionsService } from './subscriptions.service.js';
export type { HistoryFilter } from './subscriptions.repository.js';
