import { declareEvents } from '@app/events';

const WINDOW = { feature: 'api_calls', windowStart: '2026-11-01T00:00:00.000Z' };
const RESERVATION = { feature: 'api_calls', quantity: 10, committed: 0, expiresAt: '2026-11-21T09:05:00.000Z' };

/** Events of usage and reservations. */
export const METERING_EVENTS = declareEvents({
  'usage.threshold_reached': {
    subject: 'customer',
    summary:
      'A customer has used 80 or 100 percent of a limit. Published once each per window. At 100 percent further usage is denied or counted as overage, depending on the plan.',
    after: { ...WINDOW, percent: 80, limit: 1000, used: 800 },
  },
  'usage.corrected': {
    subject: 'customer',
    summary: 'Usage was corrected by hand.',
    before: { feature: 'api_calls', used: 800 },
    after: { ...WINDOW, used: 700 },
  },
  'usage.counter_rebuilt': {
    subject: 'customer',
    summary: 'A counter was set to the sum of its ledger.',
    before: { ...WINDOW, used: 801, reserved: 0 },
    after: { ...WINDOW, used: 800, reserved: 0 },
  },
  'reservation.created': { subject: 'reservation', summary: 'Units were reserved.', after: RESERVATION },
  'reservation.committed': {
    subject: 'reservation',
    summary: 'Reserved units were counted, all or some; the rest was released.',
    after: { ...RESERVATION, committed: 8 },
  },
  'reservation.released': { subject: 'reservation', summary: 'Reserved units were released.', after: RESERVATION },
  'reservation.expired': {
    subject: 'reservation',
    summary: 'A reservation expired: its units were released.',
    after: { feature: 'api_calls', quantity: 10 },
  },
});

declare module '@app/events' {
  interface DeclaredEvents {
    metering: typeof METERING_EVENTS;
  }
}
