import { declareEvents } from '@app/events';

const ENDPOINT = {
  url: 'https://hooks.example.com/tollgate',
  types: ['subscription.*'],
  product: 'api',
  ownerUserId: '01998a4e-8000-7000-8000-00000000000b',
  enabled: true,
};

/** Events of webhook endpoints, and the security event of blocked addresses. */
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
  'webhook_address.blocked': {
    subject: 'webhook_endpoint',
    summary:
      'A webhook URL leads to a forbidden address: the subject is the endpoint that a message was for, or the caller that wanted to save the URL. `reason`: `not_public` or `not_https`.',
    after: { protocol: 'https', host: 'hooks.example.com', count: 1, lastAt: '2026-11-21T09:00:00.000Z' },
    security: true,
  },
});

declare module '@app/events' {
  interface DeclaredEvents {
    webhooks: typeof WEBHOOK_EVENTS;
  }
}
