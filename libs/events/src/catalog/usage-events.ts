import type { EventDescription } from './event-description.js';

const WINDOW = { feature: 'api_calls', windowStart: '2026-11-01T00:00:00.000Z' };
const RESERVATION = { feature: 'api_calls', quantity: 10, committed: 0, expiresAt: '2026-11-21T09:05:00.000Z' };
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

export const USAGE_EVENTS = {
  'usage.threshold_reached': {
    subject: 'customer',
    summary:
      '80 or 100 percent of a limit are used: told once each in a window. At 100 the limit is reached: what comes next is denied, or counted as overage, as the plan says.',
    after: { ...WINDOW, percent: 80, limit: 1000, used: 800 },
  },
  'usage.corrected': {
    subject: 'customer',
    summary: 'Usage was set right by hand.',
    before: { feature: 'api_calls', used: 800 },
    after: { ...WINDOW, used: 700 },
  },
  'usage.counter_rebuilt': {
    subject: 'customer',
    summary: 'A counter was set to what its ledger adds up to.',
    before: { ...WINDOW, used: 801, reserved: 0 },
    after: { ...WINDOW, used: 800, reserved: 0 },
  },
  'reservation.created': { subject: 'reservation', summary: 'Usage was set aside.', after: RESERVATION },
  'reservation.committed': {
    subject: 'reservation',
    summary: 'What was set aside was used, all or in part; the rest is free again.',
    after: { ...RESERVATION, committed: 8 },
  },
  'reservation.released': { subject: 'reservation', summary: 'What was set aside is free again.', after: RESERVATION },
  'reservation.expired': {
    subject: 'reservation',
    summary: 'What was set aside is free again: nobody came back for it in time.',
    after: { feature: 'api_calls', quantity: 10 },
  },
  'grant.created': { subject: 'grant', summary: 'A customer got units on top of the plan.', after: GRANT },
  'grant.voided': { subject: 'grant', summary: 'What was left of a grant was taken away.', after: GRANT },
  'entitlement.overridden': {
    subject: 'customer',
    summary: 'A customer has terms of its own for a feature.',
    after: OVERRIDE,
  },
  'entitlement.override_removed': {
    subject: 'customer',
    summary: 'The terms of the plan hold for the customer again.',
    before: OVERRIDE,
  },
} as const satisfies Record<string, EventDescription>;
