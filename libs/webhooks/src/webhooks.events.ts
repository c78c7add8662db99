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
    summary: 'A webhook endpoint was created.',
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
    summary: 'The secret of a webhook endpoint was rotated. The previous secret stays valid for `overlapSeconds`.',
    after: { overlapSeconds: 86400 },
  },
  'webhook_endpoint.disabled': {
    subject: 'webhook_endpoint',
    summary:
      'A webhook endpoint was disabled because it answered 410, or because it failed for three days. No further events are sent to it.',
    before: ENDPOINT,
    after: { ...ENDPOINT, enabled: false, disabledReason: 'failing' },
  },
  'webhook_endpoint.deleted': {
    subject: 'webhook_endpoint',
    summary: 'A webhook endpoint was deleted; its pending deliveries were canceled.',
    before: ENDPOINT,
  },
});

declare module '@app/events' {
  interface DeclaredEvents {
    webhooks: typeof WEBHOOK_EVENTS;
  }
}
