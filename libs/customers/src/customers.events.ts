import { declareEvents } from '@app/events';

const CUSTOMER = { key: 'acme', region: 'US', deviceType: null, timezone: 'America/New_York', currency: 'USD' };

/** Events of customers and test clocks. */
export const CUSTOMER_EVENTS = declareEvents({
  'customer.created': { subject: 'customer', summary: 'A customer is known.', after: CUSTOMER },
  'customer.updated': {
    subject: 'customer',
    summary: 'What is known of a customer has changed. Names and e-mail addresses are not told.',
    before: CUSTOMER,
    after: { ...CUSTOMER, timezone: 'Europe/Berlin' },
  },
  'customer.deleted': {
    subject: 'customer',
    summary: 'A customer was deleted: its contracts have ended, its key is free.',
  },
  'test_clock.created': {
    subject: 'test_clock',
    summary: 'A test clock was made.',
    after: { now: '2026-01-01T00:00:00.000Z' },
  },
  'test_clock.advanced': {
    subject: 'test_clock',
    summary: 'A test clock was moved, and everything that was due until then has happened.',
    before: { now: '2026-01-01T00:00:00.000Z' },
    after: { now: '2026-02-01T00:00:00.000Z' },
  },
});

declare module '@app/events' {
  interface DeclaredEvents {
    customers: typeof CUSTOMER_EVENTS;
  }
}
