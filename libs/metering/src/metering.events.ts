import { declareEvents } from '@app/events';

const WINDOW = { feature: 'api_calls', windowStart: '2026-11-01T00:00:00.000Z' };
const RESERVATION = { feature: 'api_calls', quantity: 10, committed: 0, expiresAt: '2026-11-21T09:05:00.000Z' };

/** Events of usage and reservations. */
export const METERING_EVENTS = declareEvents({
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
});

declare module '@app/events' {
  interface DeclaredEvents {
    metering: typeof METERING_EVENTS;
  }
}
