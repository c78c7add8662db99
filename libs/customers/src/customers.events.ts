import { declareEvents } from '@app/events';

const CUSTOMER = { key: 'acme', region: 'US', deviceType: null, timezone: 'America/New_York', currency: 'USD' };

/** Events of customers and test clocks. */
export const CUSTOMER_EVENTS = declareEvents({
  'customer.created': { subject: 'customer', summary: 'A customer was created.', after: CUSTOMER },
  'customer.updated': {
    subject: 'customer',
    summary: 'The profile of a customer changed. Events contain no names and no e-mail addresses.',
    before: CUSTOMER,
    after: { ...CUSTOMER, timezone: 'Europe/Berlin' },
  },
  'customer.deleted': {
    subject: 'customer',
    summary: 'A customer was deleted: its subscriptions ended and its key can be used again.',
  },
  'test_clock.created': {
    subject: 'test_clock',
    summary: 'A test clock was created.',
    after: { now: '2026-01-01T00:00:00.000Z' },
  },
  'test_clock.advanced': {
    subject: 'test_clock',
    summary: 'A test clock was advanced. All transitions that were due until then have been applied.',
    before: { now: '2026-01-01T00:00:00.000Z' },
    after: { now: '2026-02-01T00:00:00.000Z' },
  },
  'test_clock.deleted': {
    subject: 'test_clock',
    summary: 'A test clock was deleted, after all of its customers.',
    before: { now: '2026-02-01T00:00:00.000Z' },
  },
});

declare module '@app/events' {
  interface DeclaredEvents {
    customers: typeof CUSTOMER_EVENTS;
  }
}
