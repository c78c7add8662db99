export { DeliveriesModule } from './deliveries.module.js';
export { DeliveriesService, type LaneState } from './deliveries.service.js';
export { type DeliveryFilter } from './deliveries.repository.js';
export {
  type Attempt,
  type Channel,
  type Delivery,
  DELIVERY_STATUSES,
  type DeliveryStatus,
  type LoggedDelivery,
  MAIL_LANE,
  type NewDelivery,
  type Outcome,
} from './delivery.js';
export { Dispatcher } from './dispatcher.js';
export { GIVE_UP_AFTER_MS, RETRY_DELAYS_MS, SICK_AFTER } from './domain/retry-schedule.js';
