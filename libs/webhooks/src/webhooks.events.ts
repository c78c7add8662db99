import { declareEvents } from '@app/events';

const ENDPOINT = {
  url: 'https://hooks.example.com/tollgate',
  types: ['subscription.*'],
  product: 'api',
  ownerUserId: '01998a4e-8000-7000-8000-00000000000b',
  enabled: true,
};

/** Events of webhook endpoints. */
export const WEBHOOK_EVENTS = declareEvents({
  'webhook_endpoint.created': {
    subject: 'webhook_endpoint',
    summary: 'Events are told to another place.',
    after: ENDPOINT,
  },
  'webhook_endpoint.updated': {
    subject: 'webhook_endpoint',
    summary: 'A webhook endpoint was changed.',
    before: ENDPOINT,
    after: { ...ENDPOINT, types: [] },
  },
  'webhook_endpoint.secret_rotated': {
    subject: 'webhook_endpoint',
    summary: 'A webhook endpoint has another secret; the one before goes on for a while.',
    after: { overlapSeconds: 86400 },
  },
  'webhook_endpoint.disabled': {
    subject: 'webhook_endpoint',
    summary: 'Nothing is sent to a webhook endpoint any more: it answered 410, or it failed for three days.',
    before: ENDPOINT,
    after: { ...ENDPOINT, enabled: false, disabledReason: 'failing' },
  },
  'webhook_endpoint.deleted': {
    subject: 'webhook_endpoint',
    summary: 'A webhook endpoint was deleted, with what waited for it.',
    before: ENDPOINT,
  },
});

declare module '@app/events' {
  interface DeclaredEvents {
    webhooks: typeof WEBHOOK_EVENTS;
  }
}
