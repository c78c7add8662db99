import type { components } from '@tollgate/schema';

export type Billing = components['schemas']['BillingSettingsDto'];
