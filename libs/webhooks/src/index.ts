import './webhooks.events.js';

export { AddressLookup } from './address-policy.js';
export type { DisabledReason, WebhookEndpoint } from './domain/webhook-endpoint.js';
export {
  type DeliveryQuery,
  type Redelivery,
  TEST_TYPE,
  type TestResult,
  WebhookDeliveriesService,
} from './webhook-deliveries.service.js';
export {
  type EndpointChanges,
  type EndpointState,
  type NewEndpoint,
  WebhookEndpointsService,
} from './webhook-endpoints.service.js';
export { WebhooksModule } from './webhooks.module.js';
