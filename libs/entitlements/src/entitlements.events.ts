import { declareEvents } from '@app/events';

const GRANT = {
  feature: 'api_calls',
  quantity: 500,
  priority: 50,
  effectiveAt: '2026-11-21T09:00:00.000Z',
  expiresAt: null,
  recurrence: null,
};
const OVERRIDE = {
  feature: 'api_calls',
  featureId: '01998a4e-8000-7000-8000-00000000000f',
  terms: { type: 'metered', limit: 5000, window: 'month', overage: 'deny' },
  expiresAt: null,
};

/** Events of grants and overrides. */
export const ENTITLEMENT_EVENTS = declareEvents({
  'grant.created': {
    subject: 'grant',
    summary: 'A customer was given units beside the included units of the plan.',
    after: GRANT,
  },
  'grant.voided': {
    subject: 'grant',
    summary: 'A grant was voided: its remaining units are no longer available.',
    after: GRANT,
  },
  'entitlement.overridden': {
    subject: 'customer',
    summary: 'An override was set: the customer has other terms than its plan for a feature.',
    after: OVERRIDE,
  },
  'entitlement.override_removed': {
    subject: 'customer',
    summary: 'An override was removed: the terms of the plan apply to the customer again.',
    before: OVERRIDE,
  },
});

declare module '@app/events' {
  interface DeclaredEvents {
    entitlements: typeof ENTITLEMENT_EVENTS;
  }
}
