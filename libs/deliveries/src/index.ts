export { DeliveriesModule } from './deliveries.module.js';
export { DeliveriesService, type DestinationState } from './deliveries.service.js';
export { type DeliveryFilter } from './deliveries.repository.js';
export {
  type Attempt,
  type Channel,
  type Delivery,
  DELIVERY_STATUSES,
  type DeliveryStatus,
  type LoggedDelivery,
  MAIL_DESTINATION,
  type NewDelivery,
  type Outcome,
} from './delivery.js';
export { Dispatcher } from './dispatcher.js';
export { GIVE_UP_AFTER_MS, RETRY_DELAYS_MS, UNHEALTHY_AFTER } from './domain/retry-schedule.js';
