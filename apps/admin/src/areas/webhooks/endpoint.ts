import type { components } from '@tollgate/schema';

export type Endpoint = components['schemas']['WebhookEndpointDto'];
